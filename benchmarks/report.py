"""Report: what every measured number is published with: machine, versions, seeds, spread."""

import json
import os
import platform
import re
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
_FLAT_LIST = re.compile(r"\[[^\[\]{}]*\]")  # on one line it is read more easily


def publish(
    name: str,
    settings: Mapping[str, Any],
    figures: Mapping[Any, Any],
    show: bool = True,
    variant: str = "",
) -> None:
    """Write the figures of the script `name`, with where they come from, to
    benchmarks/results/<name><variant>.json; and print them unless they are too long to `show`.
    """
    record = {
        "benchmark": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "settings": settings,
        "figures": figures,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}{variant}.json"
    text = _FLAT_LIST.sub(lambda found: " ".join(found[0].split()), json.dumps(record, indent=2))
    path.write_text(text + "\n")
    if show:
        print(text)
        print(f"Written to {path}")


def machine() -> dict[str, Any]:
    """Processor, cores, memory, load, and the versions that matter."""
    return {
        "processor": _processor(),
        "num_cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": version("torch"),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, sample standard deviation, least and greatest."""
    return {
        "mean": statistics.fmean(values),
        "standard_deviation": statistics.stdev(values) if len(values) > 1 else 0.0,
        "least": min(values),
        "greatest": max(values),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    lines = info.read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
