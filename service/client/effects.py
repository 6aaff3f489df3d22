"""Effects: what an operation asks of whoever runs it, and how it asks.

An operation is a generator that does nothing itself: it yields effects and is sent what became of
them. So the same operation runs synchronously and asynchronously, and in tests against nothing.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx2

from service.client.errors import ClientError

T = TypeVar("T")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Request:
    """What goes over the wire; `path` begins at the service's address.

    Without patience it is sent once. `read_seconds` is how long an answer may be silent.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)
    patient: bool = True
    read_seconds: float | None = None


@dataclass(frozen=True)
class Send:
    """Gives the whole answer. Raises Unreachable."""

    request: Request


@dataclass(frozen=True)
class Open:
    """Gives the answer before its content, which `Read` gives in pieces of about this size. It is
    closed with the operation at the latest. Raises Unreachable.
    """

    request: Request
    piece_bytes: int | None = None


@dataclass(frozen=True)
class Read:
    """Gives the next piece of an open answer, or None behind the last. Raises Unreachable."""

    response: httpx2.Response


@dataclass(frozen=True)
class Close:
    """Gives an open answer's connection back."""

    response: httpx2.Response


@dataclass(frozen=True)
class Sleep:
    """Lets time pass."""

    seconds: float


@dataclass(frozen=True)
class Pause:
    """Lets time pass after so many failures without any success, the more the longer.

    Raises the last of them where it is time to give up.
    """

    failures: int
    error: ClientError


@dataclass(frozen=True)
class Do:
    """Gives what a function gives that reads or writes files."""

    work: Callable[[], Any]


@dataclass(frozen=True)
class Tell:
    """Hands something to the caller while the operation goes on."""

    item: Any


Effect = Send | Open | Read | Close | Sleep | Pause | Do | Tell
Operation = Generator[Effect, Any, T]


@dataclass(frozen=True)
class Telling(Generic[Item]):
    """An operation that tells items of one type."""

    operation: Operation[None]


def send(request: Request) -> Operation[httpx2.Response]:
    """The whole answer."""
    response: httpx2.Response = yield Send(request)
    return response


def opened(request: Request, piece_bytes: int | None = None) -> Operation[httpx2.Response]:
    """An answer that is still to be read."""
    response: httpx2.Response = yield Open(request, piece_bytes)
    return response


def read(response: httpx2.Response) -> Operation[bytes | None]:
    """Its next piece."""
    piece: bytes | None = yield Read(response)
    return piece


def do(work: Callable[[], T]) -> Operation[T]:
    """What the function gives."""
    result: T = yield Do(work)
    return result
