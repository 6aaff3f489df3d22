"""Ledger: 10 000 units of ten teachers, claimed by eight workers; and what launching costs.

`python -m benchmarks.ledger --database postgresql`; asked: claims take ≤ 20 ms (99 of 100), nobody
starves, and units of 5 s take ≤ 10 % longer than bare calls of the same function.

One teacher has nine tenths of the units and posts first. Shares are fair if the others' last
unit is claimed no later than if all teachers had taken turns.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from benchmarks.kill_units import KIND, WORKER
from benchmarks.report import publish
from service.database import Database, Session
from service.launcher import Launcher
from service.ledger import Ledger
from service.repositories import jobs
from service.settings import Settings

NUM_WORKERS = 8
NUM_TEACHERS = 10


class Claimed(NamedTuple):
    """One claim, as its worker saw it."""

    at: float
    seconds: float
    share: str


def main() -> None:
    """Print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--work-ms", type=float, default=500)
    parser.add_argument("--long-units", type=int, default=24)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="student-search-") as folder:
        if given.database == "sqlite":
            figures = measure(Settings(data_dir=Path(folder)), given)
        else:
            figures = _on_postgresql(Path(folder), given)
    publish("ledger", vars(given), figures, variant=f"_{given.database}")


def measure(settings: Settings, given: argparse.Namespace) -> dict[str, Any]:
    """On the database of the settings, which gets its tables."""
    database = Database(settings.sqlalchemy_url)
    database.migrate()
    sizes = _post(database, given.units)
    with ProcessPoolExecutor(NUM_WORKERS) as pool:
        parts = pool.map(work, [settings] * NUM_WORKERS, [given.work_ms / 1000] * NUM_WORKERS)
        claims = sorted(claim for part in parts for claim in part)
    assert len(claims) == sum(sizes.values())
    overhead = launching_overhead(database, settings, given.long_units)
    database.close()
    return {**_claim_figures(claims), **_fairness(claims, sizes), **overhead}


def work(settings: Settings, seconds: float) -> list[Claimed]:
    """What one worker claims until nothing is left."""
    database = Database(settings.sqlalchemy_url)
    ledger = Ledger(database, settings)
    claims: list[Claimed] = []
    while True:
        begun = time.perf_counter()
        unit = ledger.claim("worker")
        if unit is None:
            return claims
        taken = time.perf_counter() - begun
        claims.append(Claimed(time.time(), taken, unit.payload["share"]))
        time.sleep(seconds)
        ledger.complete(unit, _nothing)


def launching_overhead(
    database: Database, settings: Settings, num_units: int, seconds: float = 5.0
) -> dict[str, float]:
    """Of units through a launcher that runs already, over the same function called in turn."""
    two = settings.model_copy(update={"workers": 2})
    stop = Event()
    launcher = Thread(target=Launcher(two, Ledger(database, two), WORKER).run, args=(stop,))
    launcher.start()
    _through_the_ledger(database, 4, 0.0)
    taken = _through_the_ledger(database, num_units, seconds)
    stop.set()
    launcher.join()
    bare = num_units / two.workers * seconds
    return {"units_5s_seconds": taken, "bare_seconds": bare, "overhead": taken / bare - 1}


def _through_the_ledger(database: Database, num_units: int, seconds: float) -> float:
    units = [
        jobs.NewUnit(kind=KIND, payload={"name": f"long_{n}", "seconds": seconds})
        for n in range(num_units)
    ]
    begun = time.monotonic()
    with database.writing() as session:
        job_id = jobs.add(session, KIND, "thing", units)
    while True:
        with database.reading() as session:
            if jobs.get(session, job_id).finished_at is not None:
                return time.monotonic() - begun
        time.sleep(0.05)


def _post(database: Database, num_units: int) -> dict[str, int]:
    small = num_units // 10 // (NUM_TEACHERS - 1)
    sizes = {f"teacher_{number}": small for number in range(1, NUM_TEACHERS)}
    sizes = {"teacher_0": num_units - sum(sizes.values()), **sizes}
    for share, size in sizes.items():
        units = [jobs.NewUnit(kind=KIND, payload={"share": share})] * size
        with database.writing() as session:
            jobs.add(session, "library", share, units, share)
    return sizes


def _claim_figures(claims: Sequence[Claimed]) -> dict[str, float]:
    times = sorted(1000 * claim.seconds for claim in claims)
    cuts = statistics.quantiles(times, n=100)
    return {"claims": len(times), "claim_ms_p50": cuts[49], "claim_ms_p99": cuts[98],
            "claim_ms_greatest": times[-1]}  # fmt: skip


def _fairness(claims: Sequence[Claimed], sizes: dict[str, int]) -> dict[str, float]:
    order = [claim.share for claim in claims]
    last = max(place for place, share in enumerate(order, 1) if share != "teacher_0")
    return {
        "last_unit_of_a_small_teacher": last,
        "if_all_took_turns": NUM_TEACHERS * sizes["teacher_1"],
    }


def _on_postgresql(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    from tests.service import postgres

    binaries = postgres.find_binaries()
    assert binaries is not None, "No PostgreSQL server is installed."
    with postgres.server(binaries) as url:
        return measure(Settings(data_dir=folder, database_url=url), given)


def _nothing(_session: Session) -> None:
    """A result without rows."""


if __name__ == "__main__":
    main()
