"""Metrics: what this server counts, and what it reads of the database, for Prometheus.

No label takes a value that a caller can choose, so the number of series has a bound.
"""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from threading import Lock
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.database import Database, DatabaseUnavailable
from service.repositories import census
from service.repositories.census import Census

log = logging.getLogger(__name__)

PREFIX = "student_search"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CENSUS_SECONDS = 10.0


class Request(NamedTuple):
    """A request that was answered; `route` is a template, never a path."""

    method: str
    route: str
    status: int
    seconds: float
    received_bytes: int


class Metrics:
    """One server's."""

    def __init__(self, database: Database) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter(
            "http_requests", "Requests answered.", "method", "route", "status"
        )
        self._latency = self._histogram(
            "http_request_seconds", "From a request's arrival to the end of its answer.",
            "method", "route",
        )  # fmt: skip
        self._received = self._counter(
            "http_received_bytes", "Bytes of the bodies that came with requests.", "route"
        )
        self._selections = self._histogram(
            "selection_seconds", "Time that a strategy took for a selection.", "strategy"
        )
        self._students = self._counter("students_made", "Students made by this server.", "strategy")
        self._registry.register(_CensusTaker(database))

    def exposition(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)

    def note_request(self, request: Request) -> None:
        """Count it."""
        method, route, status, seconds, received_bytes = request
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(method, route).observe(seconds)
        if received_bytes:
            self._received.labels(route).inc(received_bytes)

    def selecting(self, strategy: str) -> AbstractContextManager[object]:
        """How long one takes, also one that finds nothing."""
        return self._selections.labels(strategy).time()

    def note_student(self, strategy: str) -> None:
        """One that was not there before."""
        self._students.labels(strategy).inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        full = f"{PREFIX}_{name}"
        return Histogram(full, text, labels, registry=self._registry, buckets=SECONDS)


class _CensusTaker(Collector):
    """Counts rows when asked, but not again within a while: a scrape costs the database little."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._lock = Lock()
        self._known: Census | None = None
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """Without an answer of the database only that there is none."""
        with self._lock:
            if self._clock() >= self._until:
                self._known, self._until = self._taken(), self._clock() + CENSUS_SECONDS
            known = self._known
        up = GaugeMetricFamily(f"{PREFIX}_database_up", "Whether the database answers.")
        up.add_metric([], float(known is not None))
        return [up, *([] if known is None else _families(known))]

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked of the database only to learn the names."""
        return []

    def _taken(self) -> Census | None:
        try:
            with self._database.reading() as session:
                return census.take(session)
        except DatabaseUnavailable:
            log.warning("The database did not count its rows.", exc_info=True)
            return None


def _families(known: Census) -> Iterable[Metric]:
    units = GaugeMetricFamily(f"{PREFIX}_units", "Units of work.", labels=["state"])
    jobs = GaugeMetricFamily(f"{PREFIX}_jobs", "Jobs.", labels=["state"])
    for family, counts in ((units, known.units), (jobs, known.jobs)):
        for state, count in counts.items():
            family.add_metric([state], count)
    yield from (units, jobs)
    students = GaugeMetricFamily(f"{PREFIX}_students", "Students that there are.")
    students.add_metric([], known.students)
    yield students
    for name, text in TALLIES.items():
        total = CounterMetricFamily(f"{PREFIX}_{name}", text)
        total.add_metric([], known.tallies.get(name, 0))
        yield total


TALLIES = {
    "claims": "Units that were claimed, by the workers of all servers.",
    "lease_expiries": "Units whose lease ran out, of the workers of all servers.",
}
