"""Table: the coverage of every family as a page, beside what was asked for."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.coverage_entry import FAMILIES, MATRIX, Entry

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
_INTRODUCTION = """# Coverage

Which classifiers can be split and shrunk, as `make coverage` found it, with random weights. Every
architecture is traced and split at `block` granularity; a student of all widths must equal the
network bit for bit; one of half of every width must run, be trained for a few steps, saved, and
loaded by a process that has never seen the architecture, with every parameter under its own name.
"""


def write_table(entries: Mapping[str, Entry], path: Path = PAGE) -> str:
    """Write the page and give what it says first: the figures beside those asked for."""
    summary = _summary(entries)
    parts = [_INTRODUCTION, summary, _families(entries)]
    if reasons := _reasons(entries):
        parts.append(reasons)
    parts.append(_architectures(entries))
    path.write_text("\n".join(parts))
    return summary


def _summary(entries: Mapping[str, Entry]) -> str:
    torchvision = [each for name, each in entries.items() if not name.startswith("timm/")]
    timm = [each for name, each in entries.items() if name.startswith("timm/")]
    rows: list[tuple[str, ...]] = [("what", "asked for", "torchvision", "timm")]
    for title, asked, figure in (
        ("everything works", "all / 97 %", _share_passed),
        ("student of all widths equals the network", "all", _share_equal),
        ("parameters that may shrink, median", "98 % / 95 %", _shrinkable),
        ("parameters inside neighbourhoods, median", "", _coverage),
        ("parameters left at half of every width, median", "", _left),
        ("trace and split, median / worst, s", "3 / 15", _times),
    ):
        rows.append((title, asked, figure(torchvision), figure(timm)))
    rows += _comparisons(torchvision)
    return _markdown(rows)


def _share_passed(entries: Sequence[Entry]) -> str:
    return f"{sum(each.passed for each in entries)} of {len(entries)}"


def _share_equal(entries: Sequence[Entry]) -> str:
    return f"{sum(each.equal_at_one for each in entries)} of {len(entries)}"


def _shrinkable(entries: Sequence[Entry]) -> str:
    return _median([each.shrinkable for each in entries if each.traced])


def _coverage(entries: Sequence[Entry]) -> str:
    return _median([each.coverage for each in entries if each.traced])


def _left(entries: Sequence[Entry]) -> str:
    return _median([each.parameters_left for each in entries if each.parameters_left is not None])


def _times(entries: Sequence[Entry]) -> str:
    times = [(each.trace_s or 0) + (each.split_s or 0) for each in entries if each.traced]
    return f"{statistics.median(times):.1f} / {max(times):.1f}" if times else "–"


def _comparisons(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    result: list[tuple[str, ...]] = []
    exported = [each.exported for each in entries if each.exported is not None]
    if exported:
        count = f"{sum(each.worked for each in exported)} of {len(exported)}"
        result.append(("the same as .pt2 without source", "95 %", count, ""))
    pruned = [each.torch_pruning for each in entries if each.torch_pruning is not None]
    if pruned:
        count = f"{sum(each.worked for each in pruned)} of {len(pruned)}"
        result.append(("for comparison: Torch-Pruning, whole model to half", "", count, ""))
    return result


def _families(entries: Mapping[str, Entry]) -> str:
    rows: list[tuple[str, ...]] = [
        (
            "family", "architectures", "work", "parameters, M", "neighbourhoods", "inside",
            "may shrink", "left at half", "trace + split, s",
        )
    ]  # fmt: skip
    for family, names in FAMILIES.items():
        found = [entries[name] for name in names if name in entries]
        if found:
            rows.append(_family(family, found))
    return "## By family\n\nMedians of each family's architectures.\n\n" + _markdown(rows)


def _family(family: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    millions = statistics.median(each.num_parameters / 1e6 for each in entries)
    pieces = statistics.median(each.num_neighbourhoods for each in entries)
    return (
        family, str(len(entries)), str(sum(each.passed for each in entries)), f"{millions:.1f}",
        f"{pieces:.0f}", _coverage(entries), _shrinkable(entries), _left(entries), _times(entries),
    )  # fmt: skip


def _architectures(entries: Mapping[str, Entry]) -> str:
    """Every name by itself, and those that were not measured yet."""
    rows: list[tuple[str, ...]] = [("architecture", "works", "parameters, M", "may shrink")]
    rows += [
        (f"`{name}`", "yes" if each.passed else "no", f"{each.num_parameters / 1e6:.1f}",
         _shrinkable([each]))
        for name, each in entries.items()
    ]  # fmt: skip
    page = "## By architecture\n\n" + _markdown(rows)
    if missing := [f"`{name}`" for name in MATRIX if name not in entries]:
        page += f"\nBuilt by name as well, but not measured yet: {', '.join(missing)}.\n"
    return page


def _reasons(entries: Mapping[str, Entry]) -> str:
    rows: list[tuple[str, ...]] = [("architecture", "reason")]
    for name, entry in entries.items():
        outcomes = {
            "": entry.reason,
            " as .pt2": entry.exported and entry.exported.reason,
            " through Torch-Pruning": entry.torch_pruning and entry.torch_pruning.reason,
        }
        rows += [
            (name + how, reason.replace("|", "\\|")) for how, reason in outcomes.items() if reason
        ]
    return "## What did not work\n\n" + _markdown(rows) if len(rows) > 1 else ""


def _median(shares: Sequence[float]) -> str:
    return f"{100 * statistics.median(shares):.1f} %" if shares else "–"


def _markdown(rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:], ""])
