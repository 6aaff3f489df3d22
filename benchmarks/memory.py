"""Memory: how much a tree of processes holds at most, watched from outside (Linux only)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

SAMPLE_SECONDS = 0.2


class Peak:
    """The greatest sums seen, in MiB; `resident` counts shared pages in every process."""

    def __init__(self) -> None:
        self.resident_mib = 0.0
        self.proportional_mib = 0.0
        self.largest_process_mib = 0.0

    def sample(self, pid: int) -> None:
        """Look at the process and all its descendants once."""
        found = [sizes for each in _tree(pid) if (sizes := _sizes(each)) is not None]
        resident = [sizes[0] for sizes in found]
        self.resident_mib = max(self.resident_mib, sum(resident))
        self.largest_process_mib = max([self.largest_process_mib, *resident])
        self.proportional_mib = max(self.proportional_mib, sum(sizes[1] for sizes in found))


@contextmanager
def watching(pid: int) -> Iterator[Peak]:
    """Sample in a thread while the block runs."""
    peak, stop = Peak(), Event()

    def watch() -> None:
        while not stop.is_set():
            peak.sample(pid)
            time.sleep(SAMPLE_SECONDS)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        below = [int(child) for child in children.read_text().split()]
    except OSError:
        return []
    return [pid, *(each for child in below for each in _tree(child))]


def _sizes(pid: int) -> tuple[float, float] | None:
    """Resident and proportional set size in MiB; None if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return None
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return kib["Rss"] / 1024, kib["Pss"] / 1024
