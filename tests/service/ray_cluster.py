"""A private Ray cluster for the tests: one node, on the loopback address only, with a token."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
START_SECONDS = 240


class RayCluster:
    """Its node has `environment`, and so have the units that run there."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.environment = {
            **environment,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # it then listens on the loopback address
            "PYTHONPATH": str(ROOT),
        }
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))

    def start(self) -> None:
        """The head and a node, again if it was killed."""
        command = [
            str(Path(sys.executable).with_name("ray")), "start", "--head",
            "--node-ip-address=127.0.0.1", f"--port={self.address.split(':')[1]}",
            "--num-cpus=2", "--object-store-memory=80000000", "--include-dashboard=false",
            "--include-log-monitor=false", "--disable-usage-stats", f"--temp-dir={self._folder}",
        ]  # fmt: skip
        subprocess.run(
            command,
            env={**os.environ, **self.environment},
            cwd=ROOT,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=START_SECONDS,
        )

    def kill(self) -> None:
        """kill -9 of the head, of the node and of all that runs there."""
        mine = [process for process in psutil.process_iter() if self._owns(process)]
        all_ = {each for process in mine for each in (process, *process.children(recursive=True))}
        for process in all_:
            process.kill()
        psutil.wait_procs(list(all_), timeout=60)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _owns(self, process: psutil.Process) -> bool:
        try:
            parts = process.cmdline()
        except psutil.Error:
            return False
        return process.pid != os.getpid() and any(str(self._folder) in part for part in parts)


@contextmanager
def ray_cluster(environment: Mapping[str, str]) -> Iterator[RayCluster]:
    cluster = RayCluster(environment)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()
