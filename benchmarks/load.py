"""Load: student requests from many clients at once to one web process.

`python -m benchmarks.load`; at least: 200 requests/s, p99 ≤ 300 ms, no errors, in 60 s, on SQLite
and on PostgreSQL; once with a new budget in every request (`new`), and once with a hundred budgets
that were all asked for before (`known`). How much the machine and the web framework allow tells
`GET /version` from the same clients (`nothing`), which looks at nothing. For PostgreSQL a server
must be installed, or named with --postgresql.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
import psutil

from benchmarks.made_up import Store, make_library
from benchmarks.report import publish
from benchmarks.server import Running, serving
from service.settings import Settings

WARM_UP_SECONDS = 3.0
NUM_KNOWN = 100


class Answer(NamedTuple):
    """One request; `status` 0 where the connection broke."""

    status: int
    ms: float


Send = Callable[[HTTPConnection, np.random.Generator], None]
"""Sends a request; what it asks for may be drawn."""


def main() -> None:
    """Print and write what each database reaches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--postgresql", default="", help="URL of an empty database")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--neighbourhoods", type=int, default=16)
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    figures = {}
    for name in given.databases:
        with _database(name, given.postgresql) as url:
            figures[name] = _measure(url, given)
    publish("load", vars(given) | {"postgresql": bool(given.postgresql)}, figures)


@contextmanager
def _database(name: str, url: str) -> Iterator[str]:
    """The URL of an empty one; of a server of our own where none is named."""
    if name == "sqlite" or url:
        yield url if name == "postgresql" else ""
        return
    from tests.service import postgres

    binaries = postgres.find_binaries()
    if binaries is None:
        raise SystemExit("No PostgreSQL server is installed. Install one, or name --postgresql.")
    with postgres.server(binaries) as made:
        yield made


def _measure(url: str, given: argparse.Namespace) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="student-search-") as name:
        folder = Path(name)
        store = Store.of(Settings(data_dir=folder, database_url=url))
        library = make_library(store, given.neighbourhoods, given.candidates, given.seed)
        store.database.close()
        settings = {"workers": "0", "database_url": url, "requests_per_minute": "0"}
        with serving(folder, folder / "server.log", **settings) as server:
            limits = _limits(server, library)
            few = limits[:: len(limits) // NUM_KNOWN]
            sends = {
                "nothing": _ask_nothing,
                "new": _asking(library, limits),
                "known": _asking(library, few),
            }
            return {name: _figures(server, send, given) for name, send in sends.items()}


def _limits(server: Running, library: str) -> range:
    """All that can be met, in parameters."""
    curve = server.client.trade_off_curve(library)
    return range(curve.uniform[0].cost.parameters, curve.teacher_cost.parameters)


def _asking(library: str, limits: range) -> Send:
    def send(connection: HTTPConnection, random: np.random.Generator) -> None:
        limit = limits[random.integers(len(limits))]
        body = {"library": library, "budget": {"parameters": limit}}
        headers = {"content-type": "application/json"}
        connection.request("POST", "/v1/students", json.dumps(body), headers)

    return send


def _ask_nothing(connection: HTTPConnection, _random: np.random.Generator) -> None:
    connection.request("GET", "/version")


def _figures(server: Running, send: Send, given: argparse.Namespace) -> dict[str, float]:
    address = urlsplit(str(server.client.url)).netloc
    run = partial(_load, address, send, given.clients)
    run(WARM_UP_SECONDS, given.seed + 1)
    process = psutil.Process(server.pid)
    before, begun = process.cpu_times(), time.perf_counter()
    answers = run(given.seconds, given.seed)
    seconds, after = time.perf_counter() - begun, process.cpu_times()
    times = [answer.ms for answer in answers]
    cpu = after.user + after.system - before.user - before.system
    return {
        "requests_per_s": len(answers) / seconds,
        "p50_ms": float(np.percentile(times, 50)),
        "p99_ms": float(np.percentile(times, 99)),
        "greatest_ms": max(times),
        "errors": sum(answer.status not in (200, 201) for answer in answers),
        "made": sum(answer.status == 201 for answer in answers),
        "cpu_ms_per_request": 1000 * cpu / len(answers),
    }


def _load(address: str, send: Send, num_clients: int, seconds: float, seed: int) -> list[Answer]:
    until = time.perf_counter() + seconds
    with ThreadPoolExecutor(num_clients) as pool:
        runs = [
            pool.submit(_one_client, address, send, until, np.random.default_rng([seed, number]))
            for number in range(num_clients)
        ]
        return [answer for run in runs for answer in run.result()]


def _one_client(
    address: str, send: Send, until: float, random: np.random.Generator
) -> list[Answer]:
    """One request after the other, on one connection."""
    answers = []
    connection = HTTPConnection(address, timeout=60)
    while time.perf_counter() < until:
        answers.append(_ask(connection, send, random))
    connection.close()
    return answers


def _ask(connection: HTTPConnection, send: Send, random: np.random.Generator) -> Answer:
    begun = time.perf_counter()
    status = 0
    try:
        send(connection, random)
        answer = connection.getresponse()
        answer.read()
        status = answer.status
    except (HTTPException, OSError):
        connection.close()  # the next request opens another
    return Answer(status, 1000 * (time.perf_counter() - begun))


if __name__ == "__main__":
    main()
