"""Worker: a process that claims units and runs them, one after the other."""

import logging
import os
import secrets
import signal
import sys
import time
from dataclasses import replace
from threading import Event

from candidates.errors import StudentSearchError
from service import lifeline, logs
from service.artifacts import Artifacts
from service.database import Database, DatabaseUnavailable
from service.failures import LeaseLost, WorkInterrupted
from service.jobs.registry import Workplace, work_of
from service.ledger import Ledger
from service.pulse import Pulse
from service.records import Failure, UnitRecord
from service.settings import Settings
from service.stores.troubles import room_for

log = logging.getLogger(__name__)


def main() -> None:
    """`python -m service.worker [NAME]`: work until SIGTERM, or until the process that started
    this one ends. The unit at hand is given back at its next sign of progress.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the server ends us in order
    worker = sys.argv[1] if len(sys.argv) > 1 else f"worker_{secrets.token_hex(8)}"
    settings = Settings.read()
    logs.configure("worker", settings)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    lifeline.watch(lambda: _end(stop, settings.stop_seconds))
    database = Database(settings.sqlalchemy_url)
    place = Workplace(database, Artifacts.of(settings))
    ledger = Ledger(database, settings)
    while not stop.is_set():
        if not work_once(ledger, place, settings, worker, stop):
            stop.wait(settings.poll_seconds)


def work_once(
    ledger: Ledger, place: Workplace, settings: Settings, worker: str, stop: Event | None = None
) -> bool:
    """Claim and run one unit; False if there was none, or the database was out of reach."""
    try:
        unit = ledger.claim(worker)
        if unit is not None:
            run_unit(ledger, place, unit, settings.pulse_seconds, stop)
    except DatabaseUnavailable:
        log.warning("The database is out of reach.", exc_info=True)
        return False
    return unit is not None


def run_unit(
    ledger: Ledger,
    place: Workplace,
    unit: UnitRecord,
    pulse_seconds: float,
    stop: Event | None = None,
) -> None:
    """Do a claimed unit and commit it, or note why it failed; give it back once `stop` is set."""
    with logs.about_unit(unit.job_id, unit.id):
        begun = time.monotonic()
        log.info("Begins with a unit of work: %s.", unit.kind)
        _run(ledger, place, unit, Pulse(ledger, unit, pulse_seconds, stop))
        log.info("Has done with it.", extra={"seconds": round(time.monotonic() - begun, 3)})


def _run(ledger: Ledger, place: Workplace, unit: UnitRecord, pulse: Pulse) -> None:
    try:
        with pulse, room_for("keep what the unit makes"):
            own = replace(place.of(unit.owner_id), saved=pulse.note_saved)
            write = work_of(unit.kind)(own, unit.payload, pulse.report)
        ledger.complete(unit, write, pulse.progress)
    except LeaseLost as exc:
        log.warning("%s", exc)
    except WorkInterrupted as exc:
        log.info("%s", exc)
        ledger.give_back(unit)
    except StudentSearchError as exc:
        log.info("The unit failed: %s", exc)
        _fail(ledger, unit, Failure(error=type(exc).__name__, detail=str(exc)), final=True)
    except Exception as exc:
        log.exception("The unit (%s) broke.", unit.kind)
        detail = f"The work broke with {type(exc).__name__}: {exc}. The worker's log says where."
        _fail(ledger, unit, Failure(error="UnexpectedError", detail=detail), final=False)


def _fail(ledger: Ledger, unit: UnitRecord, failure: Failure, final: bool) -> None:
    try:
        ledger.fail(unit, failure, final)
    except LeaseLost as exc:
        log.warning("%s", exc)


def _end(stop: Event, seconds: float) -> None:
    """In order if that is soon; whoever has started this process is gone."""
    stop.set()
    time.sleep(seconds)
    os._exit(0)


if __name__ == "__main__":
    main()
