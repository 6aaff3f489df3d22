"""ClusterLauncher: the launcher's counterpart where units run on a Ray cluster."""

import logging
import os
import secrets
from collections.abc import Callable
from threading import Event

from service import logs
from service.artifacts import Artifacts
from service.beat import Beat
from service.cluster import Cluster, ClusterUnreachable, Place
from service.database import Database, DatabaseUnavailable
from service.jobs.registry import Workplace
from service.ledger import Ledger
from service.rounds import Rounds
from service.settings import Settings
from service.worker import work_once

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
ASK_SECONDS = 2.0
RETRY_SECONDS = 1.0


def do_one_unit(worker: str) -> None:
    """In a process of the cluster, with the settings of its node: claim the next unit and run it.

    There may be none by now.
    """
    settings = Settings.read()
    logs.configure("worker", settings)
    database = Database(settings.sqlalchemy_url)
    place = Workplace(database, Artifacts.of(settings))
    work_once(Ledger(database, settings), place, settings, worker)
    database.close()


def run(settings: Settings, ledger: Ledger, stop: Event, task: Callable[[str], None]) -> None:
    """Until `stop`, or until the cluster does not answer: then the process ends, for its keeper to
    start another. A process that has lost its cluster cannot connect to the next one.
    """
    try:
        ClusterLauncher(settings, ledger, task).run(stop)
    except ClusterUnreachable as exc:
        log.warning("%s", exc)
        stop.wait(RETRY_SECONDS)
        os._exit(1)  # Ray's own way out would wait for the cluster


class ClusterLauncher:
    """Starts as many processes as there are units to claim, but no more than `workers` at once.

    Like the launcher of this machine it kills who does not stop or falls silent, and frees the unit
    of whoever ends without having finished it.
    """

    def __init__(self, settings: Settings, ledger: Ledger, task: Callable[[str], None]) -> None:
        """Raises ClusterUnreachable."""
        self._ledger, self._num_places = ledger, settings.workers
        self._beat = Beat(settings.data_dir, os.getpid())
        self._cluster = Cluster(settings, task)
        self._places: dict[str, Place] = {}

    def run(self, stop: Event) -> None:
        """Until `stop`; then no process is left and no unit is theirs. Raises ClusterUnreachable
        once the cluster does not answer any more; what ran there is free by then.
        """
        try:
            with Rounds("ask the cluster", self._cluster.ask, ASK_SECONDS):
                while not stop.wait(TICK_SECONDS):
                    self._cluster.check()
                    try:
                        self._tick()
                    except DatabaseUnavailable:
                        log.warning("The database is out of reach.", exc_info=True)
                    self._beat.strike()
            for place in self._places.values():
                self._cluster.kill(place)
        finally:
            for worker in self._places:
                self._ledger.release(worker, blame=False)

    def _tick(self) -> None:
        for worker in [name for name, place in self._places.items() if self._has_ended(place)]:
            failure = self._cluster.failure(self._places.pop(worker))
            if failure is not None:
                log.warning("%s ended unexpectedly: %s", worker, failure)
            self._ledger.release(worker)
        for worker in self._ledger.overdue(self._places):
            log.warning("%s does not stop, or fell silent; it is killed.", worker)
            self._cluster.kill(self._places[worker])
        self._ledger.sweep()
        self._fill()

    def _has_ended(self, place: Place) -> bool:
        return self._cluster.has_ended(place)

    def _fill(self) -> None:
        """Places whose process has no unit yet are for those that can be claimed."""
        num_free = self._num_places - len(self._places)
        num_idle = len(self._places) - len(self._ledger.holders(self._places))
        for _ in range(min(num_free, self._ledger.num_claimable(self._num_places) - num_idle)):
            worker = f"worker_{secrets.token_hex(8)}"
            self._places[worker] = self._cluster.start(worker)
