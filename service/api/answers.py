"""Answers: status, Location and note of a POST that may have happened before."""

from fastapi import Response, status


def posted(
    response: Response, made: bool, path: str, success: int = status.HTTP_202_ACCEPTED
) -> str | None:
    """Sets status and Location for the resource at `path`; returns the note to show with it."""
    response.headers["Location"] = path
    response.status_code = success if made else status.HTTP_200_OK
    if made:
        return None
    return "The same was posted before: this is what it made then, and nothing was made again."
