"""Answers: what is read out of them, or said of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from candidates.complaint import Complaint
from service.client.errors import ClientError, Refused, Unreachable
from service.errors import Problem

Body = TypeVar("Body", bound=BaseModel)


def body_of(kind: type[Body], response: httpx2.Response) -> Body:
    """Raises Refused, and ClientError where it is not such a body."""
    refuse(response)
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as exc:
        raise ClientError(
            f"{response.url} answered with something that this client cannot read: "
            f"{Complaint.of(exc).why}. Install the version of student-search that the service has."
        ) from exc


def refuse(response: httpx2.Response) -> None:
    """Raises Refused for an error, whose content has been read."""
    if response.is_success:
        return
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError as exc:
        if response.is_server_error:
            raise Unreachable(
                f"{response.url} answered {response.status_code} {response.reason_phrase}, and "
                "not the service itself. Is it running behind whatever answered?"
            ) from exc
        raise ClientError(
            f"{response.url} answered {response.status_code} and no problem document. "
            "Is it a student-search service?"
        ) from exc
    raise Refused(problem)


@contextmanager
def reaching(url: httpx2.URL) -> Iterator[None]:
    """Raises Unreachable for what went wrong on the way."""
    try:
        yield
    except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as exc:
        raise ClientError(f"The request to {url} cannot be sent: {exc}.") from exc
    except httpx2.RequestError as exc:
        raise Unreachable(
            f"The service at {url} is out of reach ({str(exc) or type(exc).__name__}). "
            "Is it running, and is the address right?"
        ) from exc
