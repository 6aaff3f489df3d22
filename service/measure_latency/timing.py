"""Timing: runs in turns, and what to tell of their times."""

from __future__ import annotations

import random
import statistics
import sys
import time
from typing import Any

from service.measure_latency.machine import Machine, Run

SAMPLE_SECONDS = 0.005
MAX_LOOPS = 1000
WARM_UP = 3
QUARTERS = 4


def latencies(machine: Machine, runs: dict[Any, Run], repeats: int) -> dict[Any, dict[str, float]]:
    """Of several runs, the median and half the distance between the quartiles.

    Warmed up, then repeated in turns in a random order, so that a disturbance hits all.
    """
    with machine.quiet():
        often = {name: loops_of(machine, run) for name, run in runs.items()}
        samples: dict[Any, list[float]] = {name: [] for name in runs}
        order, shuffle = list(runs), random.Random(0).shuffle
        for done in range(repeats):
            shuffle(order)
            for name in order:
                samples[name].append(1000 * machine.seconds(runs[name], often[name]))
            progress(done + 1, repeats, len(runs))
    return {name: latency(values) for name, values in samples.items()}


def loops_of(machine: Machine, run: Run) -> int:
    """How often to run so that the clock can be read; warms up on the way."""
    for _ in range(WARM_UP):
        seconds = machine.seconds(run, 1)
    return max(1, min(MAX_LOOPS, round(SAMPLE_SECONDS / max(seconds, 1e-9))))


def wall_seconds(run: Run, loops: int) -> float:
    """The mean of some runs one after the other."""
    start = time.perf_counter()
    for _ in range(loops):
        run()
    return (time.perf_counter() - start) / loops


def latency(samples: list[float]) -> dict[str, float]:
    """Median and half the distance between the quartiles, in milliseconds."""
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return {"latency_ms": statistics.median(samples), "spread_ms": (high - low) / 2}


def progress(done: int, total: int, num_networks: int) -> None:
    """A line that overwrites itself; where nobody looks, as in a log, four of them."""
    said = f"{num_networks} networks, round {done} of {total}"
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{said}{end}")
    elif QUARTERS * done // total > QUARTERS * (done - 1) // total:
        sys.stderr.write(f"{said}\n")
    sys.stderr.flush()
