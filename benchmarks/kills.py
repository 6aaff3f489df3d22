"""Kills: kill -9 of workers, launchers and servers at random moments, with PostgreSQL restarted.

`python -m benchmarks.kills --database postgresql --kills 200`; asked: 200 of 200 survived, 0 units
lost, 0 committed twice. Two servers with their own launchers share one database. Survived is a kill
after which units were committed again. `--ray` runs the units on a local Ray cluster, whose head is
killed too (30 seconds each).
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.kill_site import Site
from benchmarks.report import publish, spread

PATIENCE_SECONDS = 300
POLL_SECONDS = 0.05


class Plan(NamedTuple):
    """How much is killed, and what runs meanwhile."""

    kills: int
    seed: int
    unit_seconds: float = 0.5
    pause_seconds: float = 2.0
    units_a_job: int = 20


def main() -> None:
    """Print and write what became of the units."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ray", action="store_true")
    given = parser.parse_args()
    plan = Plan(given.kills, given.seed)
    figures = run(given.database, plan, given.ray)
    variant = f"_{given.database}{'_ray' * given.ray}"
    publish("kills", vars(given), figures, variant=variant)


def run(database: str, plan: Plan, ray: bool = False) -> dict[str, Any]:
    """The figures of one run."""
    with _site(database, ray) as site:
        return disturb(site, plan)


def disturb(site: Site, plan: Plan) -> dict[str, Any]:
    """Kill as planned while there is work, then let the rest be done, and count."""
    chance, kills, recoveries = random.Random(plan.seed), Counter[str](), list[float]()
    while kills.total() < plan.kills:
        if site.num_open() < plan.units_a_job:
            site.add_job(plan.units_a_job, plan.unit_seconds)
        time.sleep(chance.uniform(0, plan.pause_seconds))
        before = site.num_done()
        kills[site.kill_one(chance)] += 1
        begun = time.monotonic()
        if _waited(lambda before=before: site.num_done() > before):
            recoveries.append(time.monotonic() - begun)
    _waited(lambda: site.num_open() == 0)
    counted = site.count()
    return {
        "kills": dict(kills),
        "survived": len(recoveries),
        "seconds_to_the_next_commit": spread(recoveries) if recoveries else None,
        **counted,
    }


def _waited(condition: Any) -> bool:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


@contextmanager
def _site(database: str, ray: bool) -> Iterator[Site]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="student-search-")))
        url, restart = "", None
        if database == "postgresql":
            from tests.service import postgres

            binaries = postgres.find_binaries()
            assert binaries is not None, "No PostgreSQL server is installed."
            url = stack.enter_context(postgres.server(binaries))
            restart = lambda: postgres.restart(binaries, url)  # noqa: E731
        yield stack.enter_context(Site(folder, url, restart, ray))


if __name__ == "__main__":
    main()
