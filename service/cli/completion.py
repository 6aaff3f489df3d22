"""Completion: ids that the service knows, as somebody types the beginning of one."""

import inspect
from collections.abc import Callable
from itertools import islice
from typing import Annotated

import typer

from service.client import Client, ClientError, Patience

LISTS = {
    "dataset": "datasets", "teacher": "teachers", "library": "libraries", "student": "students",
    "device": "devices", "job": "jobs",
}  # fmt: skip
"""Name of an argument -> what lists its ids."""
PATIENCE_SECONDS = 2.0
MOST = 200


def completing(parameter: inspect.Parameter) -> inspect.Parameter:
    """The same parameter; one that is an id by its name, completed."""
    is_plain = parameter.annotation is str and parameter.default is inspect.Parameter.empty
    if not is_plain or parameter.name not in LISTS:
        return parameter
    argument = typer.Argument(autocompletion=_ids(LISTS[parameter.name]))
    return parameter.replace(annotation=Annotated[str, argument])


def _ids(listing: str) -> Callable[[str], list[str]]:
    def found(incomplete: str) -> list[str]:
        """The newest ones; none where the service that the environment names does not answer."""
        try:
            with Client(timeout_seconds=PATIENCE_SECONDS, patience=Patience(attempts=1)) as client:
                ids = (str(each.id) for each in getattr(client, listing)())
                return list(islice((each for each in ids if each.startswith(incomplete)), MOST))
        except ClientError:
            return []

    return found
