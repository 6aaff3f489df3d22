"""Figure print: by how much the exact selection beats the best uniform one."""

from collections import defaultdict
from collections.abc import Mapping
from statistics import fmean
from typing import Any

STAGES = {"assembled": "assembled", "refitted": "before fine-tuning", "fine_tuned": "fine-tuned"}


def print_margins(cells: Mapping[str, dict[str, Any]]) -> None:
    """Points between the two at every budget and stage, one number a seed."""
    for stage, heading in STAGES.items():
        margins = margins_of(cells, stage)
        if margins:
            print(f"\n{heading}: exact − best uniform within the same budget, in points")
        for (figure, axis, share), values in sorted(margins.items(), reverse=True):
            seeds = "  ".join(f"{value:+6.2f}" for value in values)
            print(f"  {figure}  {axis:10}  {share:>4.0%}  {seeds}   mean {fmean(values):+.2f}")


def margins_of(
    cells: Mapping[str, dict[str, Any]], stage: str
) -> dict[tuple[str, str, float], list[float]]:
    """By figure, axis and share of the teacher; the seeds in their order."""
    found = defaultdict(list)
    for name in sorted(cells):
        if not name.endswith("/exact"):
            continue
        figure, _, axis, share, _ = name.split("/")
        ours, theirs = cells[name], cells.get(name.removesuffix("exact") + "uniform", {})
        if stage in ours and stage in theirs:
            found[figure, axis, float(share)].append(ours[stage] - theirs[stage])
    return dict(found)
