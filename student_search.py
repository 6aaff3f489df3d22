"""What a Python program needs of Student Search; each name is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from candidates.recipe import Preprocessing
    from candidates.student import load_student
    from service.client import AsyncClient, Client, ClientError
    from service.push import push

__all__ = ["AsyncClient", "Client", "ClientError", "Preprocessing", "load_student", "push"]
_HOMES = {
    "AsyncClient": "service.client",
    "Client": "service.client",
    "ClientError": "service.client",
    "Preprocessing": "candidates.recipe",
    "load_student": "candidates.student",
    "push": "service.push",
}


def __getattr__(name: str) -> object:
    """So that a machine without torch can use the client, and one without HTTP load a student."""
    if name not in _HOMES:
        raise AttributeError(f"student_search has no '{name}'; it has {', '.join(__all__)}.")
    return getattr(import_module(_HOMES[name]), name)
