"""The page of all published figures, from benchmarks/results/."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from handbook.tables import table

MANY = 12
HAS_A_PAGE = ("coverage",)
INTRODUCTION = """# All figures

Every figure as its script left it, with the settings and the machine. Where a list is long, it is
in the file. The classifiers of `coverage` have [a page of their own](coverage.md). This page is
made from `benchmarks/results/`.
"""


def page(folder: Path) -> str:
    """As Markdown; `folder` is benchmarks/results."""
    files = [path for path in sorted(folder.glob("*.json")) if path.stem not in HAS_A_PAGE]
    lines = [INTRODUCTION]
    for name, group in groupby(files, key=benchmark_of):
        lines += [f"## {name} {{ #{name} }}", "", *(line for path in group for line in _told(path))]
    return "\n".join(lines)


def benchmark_of(path: Path) -> str:
    """Which script left a file; some leave one for each seed."""
    return str(json.loads(path.read_text("utf-8"))["benchmark"])


def _told(path: Path) -> Iterator[str]:
    kept = json.loads(path.read_text("utf-8"))
    name, machine = kept["benchmark"], kept["machine"]
    yield (
        f"[`python -m benchmarks.{name}`](benchmarks/{name}.py) on {kept['measured_at'][:10]}, "
        f"{machine['num_cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, "
        f"{machine['load_average']} processes running on average at the end: "
        f"[{path.name}](benchmarks/results/{path.name})."
    )
    settings = ", ".join(f"{key} {_shown(each)}" for key, each in kept["settings"].items())
    yield from ["", f"Settings: {settings}.", ""] if settings else [""]
    rows = [(f"`{where}`", _shown(value)) for where, value in _leaves(kept["figures"], "")]
    yield from table(("figure", "value"), rows)


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Whatever is no dictionary, by the keys that lead there."""
    if not isinstance(value, dict):
        yield where, value
        return
    for key, each in value.items():
        yield from _leaves(each, f"{where} · {key}" if where else str(key))


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if not isinstance(value, list):
        return str(value)
    if len(value) > MANY or any(isinstance(each, list | dict) for each in value):
        return f"{len(value)} entries, in the file"
    return ", ".join(map(_shown, value))
