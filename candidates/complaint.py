"""Complaint: the first thing that is wrong with a value, in words for people."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError


class Complaint(NamedTuple):
    """Where in the value, as `part.0.name`, empty for all of it; and why, without a full stop."""

    where: str
    why: str

    @classmethod
    def of(cls, error: ValidationError) -> "Complaint":
        """The first of them; it does not quote the value, which may be secret."""
        first = error.errors(include_input=False, include_url=False)[0]
        return cls(".".join(map(str, first["loc"])), why(first))


def why(error: Mapping[str, Any]) -> str:
    """Pydantic's sentence; that of a validator of ours without what pydantic puts before it."""
    message: str = error["msg"]
    return message.removeprefix("Value error, ")
