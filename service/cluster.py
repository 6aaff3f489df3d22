"""Cluster: the one door to Ray, on whose nodes a process is started for every unit.

Nothing but the name of a worker goes to a node: the node reads its own settings, claims the next
unit and runs it, as every worker does. So a unit never waits in Ray's queue under a lease, which
would have to be kept alive, and whose turn it is gets decided when there is a processor for it.
"""

import os
import time
from collections.abc import Callable

from candidates.errors import StudentSearchError
from service.settings import Settings

os.environ["RAY_AUTH_MODE"] = "token"  # before Ray is imported; without it anybody may run code
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
import ray
from ray.exceptions import RayError

SILENCE_SECONDS = 10.0
Place = ray.ObjectRef[None]
"""A process that runs, or waits until there is room for it."""


class ClusterUnreachable(StudentSearchError):
    """There is no Ray cluster where the settings say, or it has stopped answering."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"The Ray cluster at '{address}' does not answer: {reason} Start it with RAY_AUTH_MODE="
            "token and the same token as here, or correct STUDENT_SEARCH_RAY_ADDRESS."
        )


class Cluster:
    """A connection to a cluster that runs; none is ever started here."""

    def __init__(self, settings: Settings, task: Callable[[str], None]) -> None:
        """`task` gets the name of a worker. Raises ClusterUnreachable."""
        self._address = settings.ray_address
        try:
            ray.init(
                address=settings.ray_address,
                namespace="student-search",
                log_to_driver=False,
                configure_logging=False,
            )
        except (ConnectionError, RuntimeError, RayError) as exc:
            raise ClusterUnreachable(self._address, f"{str(exc).splitlines()[0]}") from exc
        self._task = ray.remote(
            num_cpus=settings.ray_num_cpus,
            num_gpus=settings.ray_num_gpus,
            max_retries=0,  # the ledger decides what is tried again
            max_calls=1,  # so memory, of the GPU too, is given back with every unit
        )(task)
        self._answered = time.monotonic()

    def start(self, worker: str) -> Place:
        """A process for one unit, as soon as there is room."""
        place: Place = self._task.remote(worker)
        return place

    def has_ended(self, place: Place) -> bool:
        """Whether the process is no more."""
        return bool(ray.wait([place], timeout=0)[0])

    def failure(self, place: Place) -> str | None:
        """Why a process that has ended did not end well."""
        try:
            ray.get(place)
        except RayError as exc:
            return str(exc).splitlines()[0]
        return None

    def kill(self, place: Place) -> None:
        """End the process, or let it not begin."""
        ray.cancel(place, force=True)

    def ask(self) -> None:
        """Note whether it answers; this may take for ever."""
        nodes = ray.nodes()  # type: ignore[no-untyped-call]
        if any(node["Alive"] for node in nodes):
            self._answered = time.monotonic()

    def check(self) -> None:
        """Raises ClusterUnreachable when it has not answered for long."""
        silence = time.monotonic() - self._answered
        if silence > SILENCE_SECONDS:
            raise ClusterUnreachable(self._address, f"it has been silent for {silence:.0f} s.")
