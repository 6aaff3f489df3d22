"""Idempotency: a POST that comes again with its Idempotency-Key is answered as the first time.

The answer is kept in the transaction that made what it tells of, if there is one such (`Writing`).
Where a request needs several, as when a student is selected and assembled outside of any, it is
kept after them; who comes again because the server died in between gets what the first request
made, as those do who have no key. Of two requests that meet, only the newer attempt commits.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, BinaryIO

from fastapi import Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from service.api.parts import parts_of
from service.api.uploads import MULTIPART, PIECE_BYTES, media_type_of
from service.database import Database, DatabaseUnavailable, Session
from service.failures import AnswerNotKept, RequestRunning
from service.repositories import replies
from service.repositories.replies import Asked, Reply, Running

log = logging.getLogger(__name__)

HEADER, REPLAYED = "idempotency-key", "idempotency-replayed"
KEPT_HEADERS = ("location", "cache-control", "content-type")
ALIVE_SECONDS = replies.SILENT_SECONDS / 5
Answering = Callable[[Request], Awaitable[Response]]


async def key(
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="Of the caller's choice. The same request with the same key is answered as "
            "the first time, and nothing is done again.",
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        ),
    ] = None,
) -> None:
    """A dependency that checks the header, and tells of it."""


def once(answering: Answering) -> Answering:
    """The same, but done only once for each key."""

    async def answered(request: Request) -> Response:
        given = request.headers.get(HEADER)
        if not given:
            return await answering(request)
        try:
            asked = Asked(key=_digest(given), fingerprint=await _fingerprint(request))
            found = await run_in_threadpool(_begun, request, asked)
            if isinstance(found, Reply):
                return _replayed(found)
            return await _made(request, found, answering)
        finally:
            await request.close()

    return answered


async def _made(request: Request, attempt: "_Attempt", answering: Answering) -> Response:
    request.state.ending, request.state.undone = attempt.note, attempt.release
    async with attempt.alive():
        try:
            response = await answering(request)
        except Exception:
            if not _commits_later(request):
                await run_in_threadpool(attempt.release)
            raise
        attempt.reply = _reply(response)
        if not _commits_later(request):
            await run_in_threadpool(attempt.close)
    return response


def _commits_later(request: Request) -> bool:
    """Whether the transaction of its route is still open when the route has returned or failed."""
    return getattr(request.state, "commits_later", False)


@dataclass
class _Attempt:
    """A request with a key; `reply` is what it was answered, once that is known."""

    database: Database
    running: Running
    reply: Reply | None = None

    def note(self, session: Session) -> None:
        """At the end of each of its transactions. Raises RequestRunning."""
        if self.reply is None:
            replies.hold(session, self.running)
        else:
            replies.keep(session, self.running, self.reply)

    def close(self) -> None:
        """Keep the reply. Raises RequestRunning."""
        with self.database.writing() as session:
            self.note(session)

    def release(self) -> None:
        """It came to nothing, so its key is free again."""
        with self.database.writing() as session:
            replies.release(session, self.running)

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Shows that it is."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()

    def _hold(self) -> None:
        with self.database.writing() as session:
            replies.hold(session, self.running)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            try:
                await run_in_threadpool(self._hold)
            except (DatabaseUnavailable, RequestRunning):
                log.warning("A request with a key could not show that it is alive.", exc_info=True)


def _begun(request: Request, asked: Asked) -> _Attempt | Reply:
    """Raises KeyReused, RequestRunning."""
    parts = parts_of(request)
    with parts.database.writing() as session:
        kept = timedelta(hours=parts.settings.idempotency_hours)
        found = replies.begin(session, asked, kept)
    return found if isinstance(found, Reply) else _Attempt(parts.database, found)


def _replayed(reply: Reply) -> Response:
    if reply.body is None:
        raise AnswerNotKept(reply.headers.get("location", ""))
    return Response(reply.body, reply.status, {**reply.headers, REPLAYED: "true"})


def _reply(response: Response) -> Reply:
    """Of an answer that nobody but its receiver may store, only that it was given."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    secret = "no-store" in headers.get("cache-control", "")
    body = None if secret else bytes(response.body).decode()
    return Reply(status=response.status_code, headers=headers, body=body)


async def _fingerprint(request: Request) -> str:
    """Of all that a request asks for. A form is taken by what it holds: the text between its parts
    is another one at every attempt.
    """
    media_type = media_type_of(request.headers)
    parts = [request.method, request.url.path, request.url.query, media_type]
    if media_type == MULTIPART:
        for name, value in (await request.form()).multi_items():
            parts += [name, await _digest_of_file(value)]
    else:
        parts.append(hashlib.sha256(await request.body()).hexdigest())
    return _digest("\0".join(parts))


async def _digest_of_file(value: UploadFile | str) -> str:
    if isinstance(value, str):
        return value
    await value.seek(0)
    digest = await run_in_threadpool(_read_digest, value.file)
    await value.seek(0)
    return f"{value.filename} {digest}"


def _read_digest(file: BinaryIO) -> str:
    total = hashlib.sha256()
    while piece := file.read(PIECE_BYTES):
        total.update(piece)
    return total.hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
