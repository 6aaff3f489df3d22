"""Answers: status, Location and note of a POST that may have happened before."""

from typing import Any

from fastapi import Response, status
from pydantic import BaseModel

Described = dict[int | str, dict[str, Any]]

AGAIN = "The same was posted before: this is what it made then."


def again(body: type[BaseModel]) -> Described:
    """How a POST that finds its resource made describes its answer."""
    return {200: {"model": body, "description": AGAIN}}


def posted(
    response: Response, made: bool, path: str, success: int = status.HTTP_202_ACCEPTED
) -> str | None:
    """Sets status and Location for the resource at `path`; returns the note to show with it."""
    response.headers["Location"] = path
    response.status_code = success if made else status.HTTP_200_OK
    if made:
        return None
    return "The same was posted before: this is what it made then, and nothing was made again."
