"""Rounds: what a process does again and again, beside its other work."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from service.database import DatabaseUnavailable

log = logging.getLogger(__name__)


class Rounds:
    """While the block runs, the task is done every `seconds`, whatever became of it the last time.

    A task that takes longer is not done twice at once.
    """

    def __init__(self, name: str, task: Callable[[], object], seconds: float) -> None:
        self._name, self._task, self._seconds = name, task, seconds
        self._ended = Event()
        self._thread = Thread(target=self._go, name=name, daemon=True)

    def __enter__(self) -> "Rounds":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self._task()
            except DatabaseUnavailable:
                log.warning("The database is out of reach, so '%s' waits.", self._name)
            except Exception:  # the next round may do better, and nobody else goes round
                log.exception("'%s' failed; it is tried again.", self._name)
