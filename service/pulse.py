"""Pulse: the heartbeats of a unit, from a thread beside its work."""

import logging
from contextvars import copy_context
from threading import Event, Thread
from types import TracebackType

from service.database import DatabaseUnavailable
from service.failures import LeaseLost, WorkCancelled, WorkInterrupted
from service.ledger import Ledger, Standing
from service.records import Progress, UnitRecord

log = logging.getLogger(__name__)


class Pulse:
    """While the block runs, the lease is extended and the progress noted every `seconds`."""

    def __init__(
        self, ledger: Ledger, unit: UnitRecord, seconds: float, stop: Event | None = None
    ) -> None:
        self._ledger, self._unit, self._seconds = ledger, unit, seconds
        self._stop = stop or Event()
        self.progress: Progress | None = None
        self._standing = Standing.HELD
        self._ended, self._has_saved = Event(), Event()
        arguments = (self._beat,)  # in a copy of this context: its lines tell of the same unit
        self._thread = Thread(
            target=copy_context().run, args=arguments, name=f"pulse of {unit.id}", daemon=True
        )

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def report(self, done: int, total: int) -> None:
        """The work's progress callback.

        Raises WorkCancelled, LeaseLost or WorkInterrupted when it must stop.
        """
        self.progress = Progress(done=done, total=total)
        if self._stop.is_set():
            raise WorkInterrupted
        if self._standing is Standing.STOPPED:
            raise WorkCancelled
        if self._standing is Standing.LOST:
            raise LeaseLost(self._unit.id, self._unit.token)

    def note_saved(self) -> None:
        """The work has kept more state: what comes after it is another place to fail at."""
        self._has_saved.set()

    def _beat(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                has_saved = self._has_saved.is_set()
                self._standing = self._ledger.heartbeat(self._unit, self.progress, has_saved)
                if has_saved:
                    self._has_saved.clear()
            except DatabaseUnavailable:
                log.warning("The database did not take a heartbeat.", exc_info=True)
