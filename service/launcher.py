"""Launcher: a process that keeps one worker process alive in every slot of this machine."""

import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from subprocess import Popen, TimeoutExpired
from threading import Event

from service import lifeline, logs
from service.artifacts import Artifacts
from service.beat import Beat
from service.database import Database, DatabaseUnavailable
from service.ledger import Ledger
from service.settings import Settings

log = logging.getLogger(__name__)

WORKER = (sys.executable, "-m", "service.worker")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
TICK_SECONDS = 0.25
YOUNG_SECONDS = 10


class Slot:
    """A place for one worker; a worker that died young is replaced only after a while."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._command, self._environment = command, environment
        self._started, self._early_deaths = 0.0, 0
        self.worker = ""
        self.process: Popen[bytes] | None = None

    def start(self) -> None:
        """Start a worker under a new name, unless the last one died too young too recently."""
        if time.monotonic() < self._started + min(60, 2**self._early_deaths - 1):
            return
        self.worker = f"worker_{secrets.token_hex(8)}"
        self.process = lifeline.spawn([*self._command, self.worker], self._environment)
        self._started = time.monotonic()

    def has_died(self) -> bool:
        """True once the worker's process has ended, until `clear`."""
        return self.process is not None and self.process.poll() is not None

    def clear(self) -> None:
        """Forget the worker that ended."""
        assert self.process is not None
        lifeline.cut(self.process)
        young = time.monotonic() < self._started + YOUNG_SECONDS
        self._early_deaths = self._early_deaths + 1 if young else 0
        self.process = None

    def tell(self) -> None:
        """Let the worker give back its unit and end."""
        if self.process is not None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """For the worker's end, but no longer than this."""
        if self.process is not None:
            with suppress(TimeoutExpired):
                self.process.wait(max(0.0, seconds))

    def end(self) -> None:
        """Kill the worker and wait for its end."""
        self._started = 0.0  # it did not die of itself, so the next may start at once
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            lifeline.cut(self.process)


class Launcher:
    """All slots. A worker that dies loses its unit at once and is replaced."""

    def __init__(self, settings: Settings, ledger: Ledger, command: Sequence[str] = WORKER) -> None:
        environment = {**thread_environment(settings.workers), **settings.environment()}
        self._ledger, self._stop_seconds = ledger, settings.stop_seconds
        self._beat = Beat(settings.data_dir, os.getpid())
        self._slots = [Slot(command, environment) for _ in range(settings.workers)]

    def run(self, stop: Event) -> None:
        """Until `stop`; then no worker is left and no unit is theirs."""
        while not stop.wait(TICK_SECONDS):
            try:
                self._tick()
            except DatabaseUnavailable:
                log.warning("The database is out of reach.", exc_info=True)
            self._beat.strike()
        self._end_workers()
        for slot in self._slots:
            self._ledger.release(slot.worker, blame=False)

    def _end_workers(self) -> None:
        """In order, within a limit of time; who takes longer is killed."""
        for slot in self._slots:
            slot.tell()
        until = time.monotonic() + self._stop_seconds
        for slot in self._slots:
            slot.wait(until - time.monotonic())
            slot.end()

    def _tick(self) -> None:
        for slot in self._slots:
            if slot.has_died():
                log.warning("%s ended unexpectedly.", slot.worker)
                self._ledger.release(slot.worker)
                slot.clear()
            if slot.process is None:
                slot.start()
        self._kill_overdue()
        self._ledger.sweep()

    def _kill_overdue(self) -> None:
        running = {slot.worker: slot for slot in self._slots if slot.process is not None}
        for worker in self._ledger.overdue(running):
            log.warning("%s does not stop, or fell silent; it is killed.", worker)
            running[worker].end()


def thread_environment(num_workers: int) -> dict[str, str]:
    """The cores, shared among the workers; what the operator has set already stands.

    Threads that wait must sleep: on a busy machine spinning makes small networks ten times slower.
    """
    threads = str(max(1, _num_cores() // max(1, num_workers)))
    wanted = {**dict.fromkeys(THREADS, threads), "OMP_WAIT_POLICY": "PASSIVE"}
    return {name: value for name, value in wanted.items() if name not in os.environ}


def main(
    command: Sequence[str] = WORKER, cluster_task: Callable[[str], None] | None = None
) -> None:
    """`python -m service.launcher`: until the process that started this one ends, or SIGTERM."""
    stop = Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the server ends us in order
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    lifeline.watch(stop.set)
    settings = Settings.read()
    logs.configure("launcher", settings)
    Artifacts.of(settings).sweep()
    ledger = Ledger(Database(settings.sqlalchemy_url), settings)
    if settings.engine == "ray":
        from service import cluster_launcher  # Ray is an extra of its own

        task = cluster_task or cluster_launcher.do_one_unit
        cluster_launcher.run(settings, ledger, stop, task)
    else:
        Launcher(settings, ledger, command).run(stop)


def _num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
