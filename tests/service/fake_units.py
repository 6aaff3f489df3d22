"""Units for the tests of workers and launchers; each start leaves a line in a file."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from candidates.errors import InvalidDataset
from candidates.progress import Progress
from service.jobs.registry import KINDS, Workplace
from service.ledger import Write

HERE = "tests.service.fake_units"
FAKES = {
    name: f"{HERE}:{name}" for name in ("nap", "patient", "stubborn", "mortal", "broken", "buggy")
}
WORKER = (sys.executable, "-c", f"from {HERE} import main; main()")
LAUNCHER = (sys.executable, "-c", f"from {HERE} import launch; launch()")


def nap(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Sleeps for payload.steps times 50 ms, and says so."""
    note(payload)
    for step in range(payload["steps"]):
        progress(step, payload["steps"])
        time.sleep(0.05)
    progress(payload["steps"], payload["steps"])
    return nothing


def patient(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Waits until the file payload.until is there, looking up now and then."""
    note(payload)
    while not Path(payload["until"]).exists():
        progress(0, 1)
        time.sleep(0.05)
    return nothing


def stubborn(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Never looks up from its work."""
    note(payload)
    time.sleep(600)
    return nothing


def mortal(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Dies in its first run, as when memory is short; later it does nothing."""
    if note(payload) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return nothing


def broken(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Meets a domain error."""
    note(payload)
    raise InvalidDataset("The folder holds no images.")


def buggy(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Meets an error that nobody expected, when its result is written."""
    note(payload)
    return lambda session: session.execute(text("SELECT * FROM nowhere"))


def nothing(_session: Session) -> None:
    """A result without rows."""


def note(payload: dict[str, Any]) -> int:
    """Leave a line; the number of lines that are there."""
    path = Path(payload["notes"])
    with path.open("a") as file:
        file.write(f"{payload.get('name', '')}\n")
    return len(path.read_text().splitlines())


def main() -> None:
    """A worker that knows these units."""
    from service import worker

    KINDS.update(FAKES)
    worker.main()


def launch() -> None:
    """A launcher of such workers."""
    from service import launcher

    launcher.main(WORKER)
