"""Readiness: whether every part of the service works, each by name, and within a time limit."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Lock, Thread

from service.artifacts import Artifacts
from service.database import Database, DatabaseUnavailable, newest_revision
from service.failures import StoreFull, StoreUnavailable
from service.launcher_process import LauncherProcess

log = logging.getLogger(__name__)

Check = Callable[[], str | None]
"""None if all is well, else the sentence that says what is not."""

LIMIT_SECONDS = 2.0
SILENCE_SECONDS = 15


class Probe:
    """One check. Of those who ask while it runs each waits for the same answer, so a part that
    hangs costs one thread and no more.
    """

    def __init__(self, name: str, check: Check) -> None:
        self._name, self._check = name, check
        self._lock = Lock()
        self._running: Future[str | None] | None = None

    async def ask(self, limit_seconds: float = LIMIT_SECONDS) -> str | None:
        """The check's answer; a sentence that there is none, when it takes longer than this."""
        answer = asyncio.shield(asyncio.wrap_future(self._begun()))
        try:
            return await asyncio.wait_for(answer, limit_seconds)
        except TimeoutError:
            return f"There was no answer from the {self._name} within {limit_seconds:g} s."

    def _begun(self) -> Future[str | None]:
        with self._lock:
            if self._running is None or self._running.done():
                self._running = Future()
                arguments = (self._running,)
                Thread(target=self._run, args=arguments, name=self._name, daemon=True).start()
            return self._running

    def _run(self, answer: Future[str | None]) -> None:
        try:
            answer.set_result(self._check())
        except Exception as exc:  # whatever it is: the part does not work
            log.warning("The %s is not ready.", self._name, exc_info=True)
            kind = type(exc).__name__
            answer.set_result(f"The {self._name} failed with {kind}; the server's log says why.")


def probes_of(
    database: Database, artifacts: Artifacts, launcher: LauncherProcess
) -> dict[str, Probe]:
    """The parts of a server, by name."""
    checks: dict[str, Check] = {
        "database": lambda: database_check(database),
        "store": lambda: store_check(artifacts),
        "migrations": lambda: migrations_check(database),
        "dispatcher": lambda: dispatcher_check(launcher),
    }
    return {name: Probe(name, check) for name, check in checks.items()}


async def ask_all(probes: Mapping[str, Probe]) -> dict[str, str | None]:
    """What each part says, asked all at once."""
    answers = await asyncio.gather(*(probe.ask() for probe in probes.values()))
    return dict(zip(probes, answers, strict=True))


def database_check(database: Database) -> str | None:
    """That it answers."""
    try:
        database.ping()
    except DatabaseUnavailable:
        log.warning("The database is not ready.", exc_info=True)
        return "The database does not answer. Start it, or check database_url in the settings."
    return None


def migrations_check(database: Database) -> str | None:
    """That its tables are those which this version of the service knows."""
    try:
        found, wanted = database.revision(), newest_revision()
    except DatabaseUnavailable:
        return "The revision of the tables is unknown, because the database does not answer."
    if found == wanted:
        return None
    return (
        f"The tables are of revision {found or 'none'}, this version of the service wants "
        f"{wanted}. Restart it to bring older tables up to date; newer ones need a newer service."
    )


def store_check(artifacts: Artifacts) -> str | None:
    """That it takes files."""
    try:
        artifacts.check()
    except (StoreFull, StoreUnavailable) as exc:
        log.warning("The store is not ready.", exc_info=True)
        return str(exc)
    return None


def dispatcher_check(launcher: LauncherProcess) -> str | None:
    """That this server's launcher runs and gets on with its work; well where it is to have none."""
    if not launcher.alive:
        return "The launcher of the workers has ended; it is started again within seconds."
    silence = launcher.silence_seconds
    if silence > SILENCE_SECONDS:
        return (
            f"The launcher of the workers has not got on for {silence:.0f} s, so queued work "
            "waits. If this stays, look into the log and restart the service."
        )
    return None
