"""Memory: the peak that this process reached."""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """The most main memory that this process has held so far, in MiB, shared pages included.

    On Linux since the process began its present program, which `getrusage` would not tell: its
    figure survives an exec.
    """
    if STATUS.exists():
        found = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
        if found:
            return int(found[0].split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024
