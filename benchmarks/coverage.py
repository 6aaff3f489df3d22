"""Coverage: which classifiers can be split and shrunk, and how much of each.

`python -m benchmarks.coverage [NAME …]` takes every architecture of the allow-list, or the named
ones, through tracing, splitting, a student of all widths and one of half of every width, which is
trained for a few steps, saved, and loaded by a process that has never seen the architecture.
Each runs in a process of its own. Results are kept in benchmarks/results/coverage.json after each,
so a stopped run goes on where it was; `--again` starts anew. docs/coverage.md is the table.

`--exported` adds: the same posted as .pt2 files. `--with-torch-pruning FOLDER` adds: the same
through Torch-Pruning's whole-model pruning, from the folder where that is installed.
"""

import argparse
import importlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.coverage_case import Case, reloads_alike
from benchmarks.coverage_entry import MATRIX, Entry, Outcome, read_entries, write_entries
from benchmarks.coverage_exported import exported
from benchmarks.coverage_pruning import pruned
from benchmarks.coverage_table import write_table
from benchmarks.isolated import Crashed, isolated

TIMEOUT_S = 1800
COMPARISON_TIMEOUT_S = 600


def main() -> None:
    """Fill in what is missing."""
    given = _options()
    torch.set_num_threads(1)
    for module in ("candidates.sources.vision", "candidates.sources.timm_models", "timm"):
        importlib.import_module(module)  # once, for all processes that are forked
    found = read_entries()
    names = given.names or MATRIX
    for name in names:
        if given.again or name not in found:
            _keep(found, covered(name))
    if given.exported:
        _add("exported", names, found, _exported)
    if given.with_torch_pruning:
        library: Path = given.with_torch_pruning
        _add("torch_pruning", names, found, lambda name: _pruned(name, library))
    print(write_table(found))


def covered(name: str) -> Entry:
    """What is found out about one architecture, whatever happens to its process."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            entry: Entry = isolated(_run, name, Path(folder), timeout_s=TIMEOUT_S)
            if entry.reason is not None:
                return entry
            alike = isolated(reloads_alike, Path(folder), start="spawn", timeout_s=TIMEOUT_S)
        except Crashed as exc:
            return Entry(architecture=name, reason=str(exc))
    reason = None if alike else "reload: The reloaded student computes something else."
    return entry.model_copy(update={"reloads": alike, "reason": reason})


def _run(name: str, folder: Path) -> Entry:
    return Case(name, folder).run()


def _exported(name: str) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return _outcome(exported, name, Path(folder))


def _pruned(name: str, library: Path) -> Outcome:
    return _outcome(pruned, name, library)


def _outcome(function: Callable[..., Outcome], *arguments: object) -> Outcome:
    try:
        outcome: Outcome = isolated(function, *arguments, timeout_s=COMPARISON_TIMEOUT_S)
    except Crashed as exc:
        return Outcome(worked=False, reason=str(exc))
    return outcome


def _add(
    field: str, names: Sequence[str], found: dict[str, Entry], make: Callable[[str], Outcome]
) -> None:
    """A comparison for the torchvision classifiers that have none yet."""
    for name in names:
        if not name.startswith("timm/") and getattr(found[name], field) is None:
            _keep(found, found[name].model_copy(update={field: make(name)}))


def _keep(found: dict[str, Entry], entry: Entry) -> None:
    found[entry.architecture] = entry
    write_entries(found)
    print(entry.model_dump_json(exclude_defaults=True), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--again", action="store_true", help="forget what was found before")
    parser.add_argument("--exported", action="store_true", help="add the same as .pt2 files")
    parser.add_argument("--with-torch-pruning", type=Path, metavar="FOLDER")
    return parser.parse_args()


if __name__ == "__main__":
    main()
