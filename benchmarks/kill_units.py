"""Units for the benchmarks of the ledger, and the processes that know them.

Each leaves a tally in the transaction that completes it, so a tally of 2 is a double commit.
"""

import sys
import time
from functools import partial
from typing import Any

from candidates.progress import Progress
from service.jobs.registry import KINDS, Workplace
from service.ledger import Write
from service.repositories import tallies

HERE = "benchmarks.kill_units"
KIND = "benchmark"
STEP_SECONDS = 0.05
WORKER = (sys.executable, "-c", f"from {HERE} import work; work()")
LAUNCHER = (sys.executable, "-c", f"from {HERE} import launch; launch()")
SERVER = (sys.executable, "-c", f"from {HERE} import serve; serve()")


def rest(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Takes payload.seconds and no processor."""
    end = time.monotonic() + payload["seconds"]
    total = max(1, round(payload["seconds"] / STEP_SECONDS))
    for step in range(total):
        progress(step, total)
        time.sleep(max(0.0, min(STEP_SECONDS, end - time.monotonic())))
    return partial(tallies.add, name=payload["name"])


def work() -> None:
    """A worker that knows this unit."""
    from service import worker

    KINDS[KIND] = f"{HERE}:rest"
    worker.main()


def work_on_cluster(worker: str) -> None:
    """The same in a process of a cluster."""
    from service.cluster_launcher import do_one_unit

    KINDS[KIND] = f"{HERE}:rest"
    do_one_unit(worker)


def launch() -> None:
    """A launcher of such workers."""
    from service import launcher

    launcher.main(WORKER, work_on_cluster)


def serve() -> None:
    """A server with such a launcher."""
    from service import launcher_process, server
    from service.settings import Settings

    launcher_process.LauncherProcess.__init__.__defaults__ = (LAUNCHER,)
    settings = Settings.read()
    listener, _ = server.listen(settings)
    server.serve(settings, listener)
