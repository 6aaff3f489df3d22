"""Downloading: a file that is in its place only when it is whole and is what the service has."""

import base64
import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2

from service.client.answers import refuse
from service.client.effects import Close, Do, Operation, Pause, Request, do, opened, read
from service.client.errors import ClientError, Unreachable

OnBytes = Callable[[int, int], None]
"""Is told how many bytes of how many have gone over."""

PIECE_BYTES = 2**20
PARTIAL, NO_SUCH_RANGE = 206, 416


class Part:
    """What has arrived so far, beside the place of the whole."""

    def __init__(self, target: Path) -> None:
        self.path, self._target = target.with_name(target.name + ".part"), target

    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def append(self, piece: bytes) -> None:
        """One more piece of it."""
        with self.path.open("ab") as file:
            file.write(piece)

    def clear(self) -> None:
        """Begin again."""
        self.path.unlink(missing_ok=True)

    def sha256(self) -> bytes:
        """Of all that has arrived."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    def move(self) -> Path:
        """To its place, in one step."""
        return self.path.replace(self._target)


class Downloading:
    """One file. A connection that breaks is followed by another one, which goes on where it broke;
    so does a later download to the same place.
    """

    def __init__(self, request: Request, target: Path, on_bytes: OnBytes | None = None) -> None:
        self._request, self._target, self._part = request, target, Part(target)
        self._on_bytes = on_bytes or (lambda _done, _total: None)
        self._etag: str | None = None

    def run(self) -> Operation[Path]:
        """The target. Raises Refused; Unreachable and ClientError if it does not arrive whole."""
        failures, size = 0, -1
        while True:
            start = yield from do(self._part.size)
            failures, size = (0, start) if start > size else (failures, size)
            try:
                response = yield from self._arrived(start)
            except Unreachable as exc:
                failures += 1
                yield Pause(failures, Unreachable(f"{exc} {self._kept()}"))
                continue
            if response is not None and (yield from do(self._part.sha256)) == _digest(response):
                return (yield from do(self._part.move))
            yield Do(self._part.clear)
            if start == 0:
                raise ClientError(
                    f"What should lie in {self._target} arrived damaged. Download it again."
                )

    def _arrived(self, start: int) -> Operation[httpx2.Response | None]:
        """The answer, all of which lies in the part; None where the service has no such rest."""
        response = yield from opened(self._ranged(start), PIECE_BYTES)
        if response.status_code == NO_SUCH_RANGE:
            yield Close(response)
            return None
        yield from _accepted(response)
        self._etag = response.headers.get("etag")
        if response.status_code != PARTIAL:
            yield Do(self._part.clear)
            start = 0
        done, total = start, start + int(response.headers.get("content-length", 0))
        self._on_bytes(done, total)
        while (piece := (yield from read(response))) is not None:
            yield Do(partial(self._part.append, piece))
            done += len(piece)
            self._on_bytes(done, total)
        yield Do(partial(self._part.append, b""))
        return response

    def _ranged(self, start: int) -> Request:
        headers = {"accept-encoding": "identity"}
        if start:
            headers["range"] = f"bytes={start}-"
        if start and self._etag:
            headers["if-range"] = self._etag
        request = self._request
        return Request(request.method, request.path, request.params, headers)

    def _kept(self) -> str:
        if not self._part.size():
            return ""
        return f"What has arrived lies in {self._part.path}; downloading it again goes on there."


def _accepted(response: httpx2.Response) -> Operation[None]:
    """Raises Refused."""
    if response.is_success:
        return
    pieces = []
    while (piece := (yield from read(response))) is not None:
        pieces.append(piece)
    refuse(
        httpx2.Response(response.status_code, content=b"".join(pieces), request=response.request)
    )


def _digest(response: httpx2.Response) -> bytes | None:
    """SHA-256 of the whole file, as Repr-Digest (RFC 9530) or else the service's ETag tells it."""
    for each in response.headers.get("repr-digest", "").split(","):
        name, _, value = each.strip().partition("=")
        if name == "sha-256":
            return base64.b64decode(value.strip(":"))
    try:
        return bytes.fromhex(response.headers.get("etag", "").strip('"'))
    except ValueError:
        return None
