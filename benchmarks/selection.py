"""Selection: how long POST /v1/students takes, through real HTTP, each time for a new budget.

`python -m benchmarks.selection`; at least: p99 ≤ 50 ms for the exact selection, 16 × 20.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.made_up import Store, make_library
from benchmarks.report import publish
from benchmarks.server import serving
from search.budget import Budget
from search.strategies import StrategyName
from service.client import Client
from service.settings import Settings

STRATEGIES: tuple[StrategyName, ...] = ("exact", "greedy", "uniform")


def main() -> None:
    """Print and write the percentiles of every strategy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neighbourhoods", type=int, default=16)
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="student-search-") as folder:
        store = Store.of(Settings(data_dir=Path(folder)))
        library = make_library(store, given.neighbourhoods, given.candidates, given.seed)
        store.database.close()
        with serving(Path(folder), Path(folder) / "server.log", workers="0") as (client, _):
            budgets = _budgets(client, library, given.requests, given.seed)
            figures = {
                strategy: _percentiles(_request_all(client, library, budgets, strategy))
                for strategy in STRATEGIES
            }
    publish("selection", vars(given), figures)


def _budgets(client: Client, library: str, count: int, seed: int) -> list[Budget]:
    """Different limits on the parameters, between the smallest student and the teacher."""
    smallest = max(point.cost.parameters for point in client.trade_off_curve(library).uniform[:1])
    whole = client.trade_off_curve(library).teacher_cost.parameters
    limits = np.random.default_rng(seed).choice(np.arange(smallest, whole), count, replace=False)
    return [Budget(parameters=int(limit)) for limit in limits]


def _request_all(
    client: Client, library: str, budgets: Sequence[Budget], strategy: StrategyName
) -> list[float]:
    """Milliseconds for each, from the call to the parsed answer."""
    times = []
    for budget in budgets:
        begun = time.perf_counter()
        client.request_student(library, budget, strategy)
        times.append(1000 * (time.perf_counter() - begun))
    return times


def _percentiles(times_ms: Sequence[float]) -> dict[str, float]:
    return {
        "first_ms": times_ms[0],
        "p50_ms": float(np.percentile(times_ms, 50)),
        "p90_ms": float(np.percentile(times_ms, 90)),
        "p99_ms": float(np.percentile(times_ms, 99)),
        "greatest_ms": max(times_ms),
    }


if __name__ == "__main__":
    main()
