"""Either client, called alike: what is shown of one holds for the other."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from service.client import AsyncClient, Client, Patience

Kind = Literal["sync", "async"]
EAGER = Patience(first_seconds=0.01, longest_seconds=0.01)
"""Tries again as often as usual, and at once."""


class Either:
    """A client's calls; lists are lists."""

    def __init__(self, client: Client | AsyncClient, runner: asyncio.Runner) -> None:
        self.client, self._runner = client, runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client, name)

        def called(*arguments: Any, **named: Any) -> Any:
            made = method(*arguments, **named)
            if isinstance(made, Iterator):
                return list(made)
            if hasattr(made, "__aiter__"):
                return self._runner.run(_collected(made))
            return self._runner.run(made) if asyncio.iscoroutine(made) else made

        return called


@contextmanager
def either(kind: Kind, url: str, patience: Patience = EAGER) -> Iterator[Either]:
    with asyncio.Runner() as runner:
        if kind == "sync":
            with Client(url, patience=patience) as client:
                yield Either(client, runner)
            return
        waiting = AsyncClient(url, patience=patience)
        try:
            yield Either(waiting, runner)
        finally:
            runner.run(waiting.close())


async def _collected(items: Any) -> list[Any]:
    return [each async for each in items]
