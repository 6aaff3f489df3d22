"""The server's hold on its launcher, which is a child process so that the server stays light."""

import logging
import sys
import time
from collections.abc import Sequence
from subprocess import Popen, TimeoutExpired
from threading import Event, Lock, Thread
from types import TracebackType

from service import lifeline
from service.beat import Beat
from service.settings import Settings

log = logging.getLogger(__name__)

LAUNCHER = (sys.executable, "-m", "service.launcher")
MORE_SECONDS = 5


class LauncherProcess:
    """While the block runs, a launcher runs; without workers in the settings there is none."""

    def __init__(self, settings: Settings, command: Sequence[str] = LAUNCHER) -> None:
        self._settings, self._command = settings, command
        self._ended = Event()
        self._lock = Lock()
        self._process: Popen[bytes] | None = None
        self._started = 0.0
        self._keeper = Thread(target=self._keep, name="launcher's keeper", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether work is being done, as far as it is this server's to do."""
        if self._settings.workers == 0:
            return True
        return self._process is not None and self._process.poll() is None

    @property
    def silence_seconds(self) -> float:
        """How long the launcher has shown no sign of getting on; 0 where there is to be none."""
        if self._process is None:
            return 0.0
        own = time.monotonic() - self._started
        age = Beat(self._settings.data_dir, self._process.pid).age_seconds()
        return own if age is None else min(own, age)

    @property
    def pid(self) -> int | None:
        """The launcher's process id, if there is a launcher."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> "LauncherProcess":
        if self._settings.workers > 0:
            self._process = self._start()
            self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        with self._lock:
            self._ended.set()
        if self._process is not None:
            _end(self._process, self._settings.stop_seconds + MORE_SECONDS)
            self._keeper.join()

    def _start(self) -> Popen[bytes]:
        self._started = time.monotonic()
        return lifeline.spawn(self._command, self._settings.environment())

    def _keep(self) -> None:
        assert self._process is not None
        while True:
            self._process.wait()
            lifeline.cut(self._process)
            Beat(self._settings.data_dir, self._process.pid).end()
            self._ended.wait(1)
            with self._lock:
                if self._ended.is_set():
                    return
                log.warning("The launcher ended unexpectedly; it is started again.")
                self._process = self._start()


def _end(process: Popen[bytes], seconds: float) -> None:
    lifeline.cut(process)
    try:
        process.wait(seconds)
    except TimeoutExpired:
        process.kill()
        process.wait()
