"""Entry: what was found out about one architecture, and where all of these are kept."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from pydantic import Field

from benchmarks.report import RESULTS, machine
from candidates.sources.families import TIMM, TORCHVISION
from candidates.value import Value

FILE = RESULTS / "coverage.json"
FAMILIES = {
    **{f"torchvision {family}": names for family, names in TORCHVISION.items()},
    **{f"timm {fam}": tuple(f"timm/{name}" for name in names) for fam, names in TIMM.items()},
}
"""The architectures of the matrix by library and family."""
MATRIX = tuple(chain.from_iterable(FAMILIES.values()))


class Outcome(Value):
    """Whether something worked: `reason` says why not, `parameters_left` what pruning left."""

    worked: bool
    reason: str | None = None
    parameters_left: float | None = None


class Entry(Value):
    """One architecture with random weights, on the input [C, H, W] that its builder expects.

    Times are seconds of one processor. Shares are of all parameters. `reason` says what went
    wrong first; what came after it was not tried.
    """

    architecture: str
    input: tuple[int, int, int] = (0, 0, 0)
    num_parameters: int = 0
    trace_s: float | None = None
    split_s: float | None = None
    num_neighbourhoods: int = 0
    coverage: float = 0.0
    shrinkable: float = 0.0
    unknown_operators: dict[str, int] = Field(default={})
    equal_at_one: bool = False
    names_kept: bool = False
    parameters_left: float | None = None
    runs: bool = False
    trains: bool = False
    reloads: bool = False
    reason: str | None = None
    exported: Outcome | None = None
    torch_pruning: Outcome | None = None

    @property
    def traced(self) -> bool:
        """Whether a program was made of it."""
        return self.trace_s is not None

    @property
    def passed(self) -> bool:
        """Whether everything worked."""
        checks = (self.equal_at_one, self.names_kept, self.runs, self.trains, self.reloads)
        return all(checks) and self.reason is None


def read_entries(path: Path = FILE) -> dict[str, Entry]:
    """By architecture; none if the benchmark never ran."""
    if not path.exists():
        return {}
    record = json.loads(path.read_text())
    return {name: Entry.model_validate(each) for name, each in record["figures"].items()}


def write_entries(entries: Mapping[str, Entry], path: Path = FILE) -> None:
    """One line an architecture, in the order of the matrix; the old file stays until the new one
    is whole.
    """
    header = {
        "benchmark": "coverage",
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine() | {name: version(name) for name in ("torchvision", "timm")},
        "figures": {},
    }
    lines = [
        f"    {json.dumps(name)}: {entries[name].model_dump_json(exclude_defaults=True)}"
        for name in MATRIX
        if name in entries
    ]
    text = json.dumps(header, indent=2).replace("{}", "{\n" + ",\n".join(lines) + "\n  }")
    partial = path.with_suffix(".partial")
    partial.write_text(text + "\n")
    partial.replace(path)
