"""Start-up: from the start of the web process to its first answer, and what it has loaded.

`python -m benchmarks.startup`; at least: ≤ 2 s, without importing torch.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import publish, spread
from benchmarks.server import serving

LOADED = "import sys, service.server, service.app; print('torch' in sys.modules)"


def main() -> None:
    """Print and write the seconds, with the embedded workers and without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    figures = {
        "new_database_seconds": spread([_seconds("2") for _ in range(given.runs)]),
        "new_database_no_workers_seconds": spread([_seconds("0") for _ in range(given.runs)]),
        "torch_is_imported": _torch_is_imported(),
    }
    publish("startup", vars(given), figures)


def _seconds(workers: str) -> float:
    """Until /readyz says yes, the tables made; stricter than the first answer of all."""
    with tempfile.TemporaryDirectory(prefix="student-search-") as folder:
        begun = time.perf_counter()
        with serving(Path(folder), Path(folder) / "server.log", workers=workers):
            return time.perf_counter() - begun


def _torch_is_imported() -> bool:
    done = subprocess.run([sys.executable, "-c", LOADED], check=True, stdout=subprocess.PIPE)
    return done.stdout.strip() == b"True"


if __name__ == "__main__":
    main()
