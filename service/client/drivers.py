"""Drivers: who runs operations, synchronously or asynchronously."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any, TypeVar

import anyio
import httpx2

from service.client.answers import reaching
from service.client.effects import (
    Close,
    Do,
    Effect,
    Open,
    Operation,
    Read,
    Request,
    Send,
    Sleep,
    Tell,
)
from service.client.patience import Patience, patiently
from service.client.play import CAUGHT, Play

T = TypeVar("T")


class Blocking:
    """Runs operations to their end before it returns."""

    def __init__(self, http: httpx2.Client, patience: Patience) -> None:
        self._http, self._patience = http, patience

    def run(self, operation: Operation[T]) -> T:
        """What the operation gives."""
        play = Play(patiently(operation, self._patience))
        for _ in self._told(play):
            pass
        return play.result

    def iterate(self, operation: Operation[None]) -> Iterator[Any]:
        """What the operation tells."""
        return self._told(Play(patiently(operation, self._patience)))

    def _told(self, play: Play[Any]) -> Iterator[Any]:
        with ExitStack() as responses:
            while (effect := play.effect) is not None:
                try:
                    value = self._done(effect, responses)
                except CAUGHT as exc:
                    play.failed(exc)
                    continue
                if isinstance(effect, Tell):
                    yield effect.item
                play.done(value)

    def _done(self, effect: Effect, responses: ExitStack) -> Any:
        with reaching(self._http.base_url):
            match effect:
                case Send(request):
                    return self._http.send(_built(self._http, request))
                case Open(request, piece_bytes):
                    response = self._http.send(_built(self._http, request), stream=True)
                    responses.callback(response.close)
                    response.extensions["pieces"] = response.iter_bytes(piece_bytes)
                    return response
                case Read(response):
                    return next(response.extensions["pieces"], None)
                case Close(response):
                    return response.close()
                case Sleep(seconds):
                    return time.sleep(seconds)
                case Do(work):
                    return work()


class Awaiting:
    """Runs operations in an event loop; work on files in a thread."""

    def __init__(self, http: httpx2.AsyncClient, patience: Patience) -> None:
        self._http, self._patience = http, patience

    async def run(self, operation: Operation[T]) -> T:
        """What the operation gives."""
        play = Play(patiently(operation, self._patience))
        async for _ in self._told(play):
            pass
        return play.result

    def iterate(self, operation: Operation[None]) -> AsyncIterator[Any]:
        """What the operation tells."""
        return self._told(Play(patiently(operation, self._patience)))

    async def _told(self, play: Play[Any]) -> AsyncIterator[Any]:
        async with AsyncExitStack() as responses:
            while (effect := play.effect) is not None:
                try:
                    value = await self._done(effect, responses)
                except CAUGHT as exc:
                    play.failed(exc)
                    continue
                if isinstance(effect, Tell):
                    yield effect.item
                play.done(value)

    async def _done(self, effect: Effect, responses: AsyncExitStack) -> Any:
        with reaching(self._http.base_url):
            match effect:
                case Send(request):
                    return await self._http.send(_built(self._http, request))
                case Open(request, piece_bytes):
                    response = await self._http.send(_built(self._http, request), stream=True)
                    responses.push_async_callback(response.aclose)
                    response.extensions["pieces"] = response.aiter_bytes(piece_bytes)
                    return response
                case Read(response):
                    return await anext(response.extensions["pieces"], None)
                case Close(response):
                    return await response.aclose()
                case Sleep(seconds):
                    return await anyio.sleep(seconds)
                case Do(work):
                    return await anyio.to_thread.run_sync(work)


def _built(http: httpx2.Client | httpx2.AsyncClient, request: Request) -> httpx2.Request:
    content = dict(request.content)
    if request.read_seconds is not None:
        usual = http.timeout.as_dict()
        content["timeout"] = httpx2.Timeout(**{**usual, "read": request.read_seconds})
    return http.build_request(
        request.method,
        request.path,
        params=dict(request.params),
        headers=dict(request.headers),
        **content,
    )
