"""Site: two servers on one database, whose processes can be killed, and the units that they do."""

import os
import random
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from benchmarks.kill_units import KIND, SERVER
from service.database import Database
from service.repositories import jobs
from service.settings import Settings
from tests.service.ray_cluster import RayCluster

NUM_SERVERS = 2
NUM_WORKERS = 2
LEASE_SECONDS = 6.0
MAX_ATTEMPTS = 100  # these units never die by themselves


class Site:
    """`restart` is what restarts the database's server, if it has one."""

    def __init__(
        self, folder: Path, url: str, restart: Callable[[], object] | None, ray: bool
    ) -> None:
        self._settings = Settings(
            data_dir=folder, database_url=url, port=0, workers=NUM_WORKERS,
            lease_seconds=LEASE_SECONDS, max_attempts=MAX_ATTEMPTS, poll_seconds=0.05,
            log_level="error",
        )  # fmt: skip
        self._restart = restart
        self._cluster = RayCluster(self._settings.environment()) if ray else None
        self._database = Database(self._settings.sqlalchemy_url)
        self._servers: list[subprocess.Popen[bytes]] = []
        self._num_units = self._num_jobs = 0

    def __enter__(self) -> "Site":
        self._database.migrate()
        if self._cluster is not None:
            self._start_on(self._cluster)
        self._servers = [self._serve() for _ in range(NUM_SERVERS)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.terminate()
        for server in self._servers:
            server.wait()
        if self._cluster is not None:
            self._cluster.remove()
        self._database.close()

    def add_job(self, num_units: int, seconds: float) -> None:
        """In two stages, each of half the units."""
        first = self._num_units
        self._num_units += num_units
        units = [
            jobs.NewUnit(
                kind=KIND,
                payload={"name": f"unit_{number}", "seconds": seconds},
                stage=int(number >= first + num_units // 2),
            )
            for number in range(first, self._num_units)
        ]
        self._num_jobs += 1
        with self._database.writing() as session:
            jobs.add(session, KIND, f"thing_{self._num_jobs}", units)

    def kill_one(self, chance: random.Random) -> str:
        """Kill one process, or restart the database; says which kind."""
        victims = self._victims()
        victim = chance.choice(sorted(victims))
        if victim == "database":
            assert self._restart is not None
            self._restart()
        elif victim == "ray":
            assert self._cluster is not None
            self._cluster.kill()
            self._cluster.start()
        else:
            with suppress(psutil.NoSuchProcess):
                chance.choice(victims[victim]).kill()
        self._revive()
        return victim

    def num_open(self) -> int:
        """Units that are neither done nor given up."""
        return self._ask("SELECT count(*) FROM units WHERE state IN ('queued', 'running')")

    def num_done(self) -> int:
        """Units that were committed."""
        return self._ask("SELECT count(*) FROM units WHERE state = 'succeeded'")

    def count(self) -> dict[str, Any]:
        """What became of all units: each must have left one tally."""
        with self._database.reading() as session:
            query = "SELECT name, sum(count) FROM tallies WHERE name LIKE 'unit_%' GROUP BY name"
            left = {row[0]: int(row[1]) for row in session.execute(text(query))}
            states = session.execute(text("SELECT state, count(*) FROM jobs GROUP BY state"))
            jobs_by_state = {row[0]: row[1] for row in states}
        return {
            "units": self._num_units,
            "lost": self._num_units - len(left),
            "double_commits": sum(times > 1 for times in left.values()),
            "committed_without_success": len(left) - self.num_done(),
            "jobs": jobs_by_state,
        }

    def _ask(self, query: str) -> int:
        try:
            with self._database.reading() as session:
                return int(session.scalar(text(query)) or 0)
        except OperationalError:  # it is being restarted
            return -1

    def _victims(self) -> dict[str, list[psutil.Process]]:
        found: dict[str, list[psutil.Process]] = {"server": [], "launcher": [], "worker": []}
        for server in self._servers:
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(server.pid)
                found["server"].append(process)
                for launcher in process.children():
                    found["launcher"].append(launcher)
                    found["worker"] += launcher.children()
        if self._restart is not None:
            found["database"] = []
        if self._cluster is not None:
            found["ray"] = []
        return {name: all_ for name, all_ in found.items() if all_ or name in ("database", "ray")}

    def _revive(self) -> None:
        """Servers are started again by whoever runs them; all else by themselves."""
        for number, server in enumerate(self._servers):
            if server.poll() is not None:
                self._servers[number] = self._serve()

    def _serve(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self._settings.environment(), "OMP_NUM_THREADS": "1"}
        if self._cluster is not None:
            environment |= self._cluster.environment
        return subprocess.Popen(SERVER, env=environment, stderr=subprocess.DEVNULL)

    def _start_on(self, cluster: RayCluster) -> None:
        cluster.start()
        changes = {"engine": "ray", "ray_address": cluster.address, "ray_num_cpus": 0.5}
        self._settings = self._settings.model_copy(update=changes)
