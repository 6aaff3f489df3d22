"""Figure picture: accuracy against cost for every strategy, one panel a figure and axis."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from search.budget import CostAxis
from service.curve_picture import BLUE, GREEN, GREY, ORANGE, PURPLE

COLOURS = {
    "exact": BLUE, "uniform": ORANGE, "greedy": GREEN, "optuna": PURPLE, "threshold": "#56B4E9",
}  # fmt: skip
MARKERS = {"exact": "o", "uniform": "s", "greedy": "^", "optuna": "D", "threshold": "v"}
STYLES = {"exact": "-", "uniform": "--", "threshold": ":"}
DEPTH = 30.0
"""Points below the teacher that are shown of predictions."""
Cells = Mapping[str, dict[str, Any]]


class Panels(Protocol):
    """What is drawn of a figure."""

    @property
    def number(self) -> int:
        """In the paper."""

    @property
    def axes(self) -> tuple[CostAxis, ...]:
        """One panel for each."""


def draw(cells: Cells, figures: Sequence[Panels], folder: Path) -> None:
    """Write figures.png and figures.svg: lines are predicted, marks measured.

    A mark is the mean over the seeds and its bar reaches from the least to the greatest; hollow
    before fine-tuning, full after it.
    """
    shown = [(f.number, axis) for f in figures for axis in f.axes if _seeds(cells, f.number, axis)]
    if not shown:
        return
    picture = Figure(figsize=(6.4 * len(shown), 5), layout="constrained")
    panels = picture.subplots(1, len(shown), squeeze=False)[0]
    for panel, (number, axis) in zip(panels, shown, strict=True):
        _panel(panel, cells, number, axis)
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("png", "svg"):
        picture.savefig(folder / f"figures.{suffix}", dpi=150)
    print(f"Drawn in {folder}/figures.png and .svg")


def _seeds(cells: Cells, number: int, axis: CostAxis) -> list[str]:
    head, tail = f"figure={number}/seed=", f"/{axis}/lines"
    return sorted(name for name in cells if name.startswith(head) and name.endswith(tail))


def _panel(panel: Axes, cells: Cells, number: int, axis: CostAxis) -> None:
    lines = cells[_seeds(cells, number, axis)[0]]
    cost, accuracy = lines["teacher"]
    panel.plot([cost], [accuracy], "*", color=GREY, markersize=13, label="teacher", zorder=5)
    for name, style in STYLES.items():
        panel.plot(
            *zip(*lines[name], strict=True), style, color=COLOURS[name], linewidth=1.4,
            label=f"{name}, predicted",
        )  # fmt: skip
    measured = _measured(cells, number, axis)
    for (strategy, stage), marks in sorted(measured.items()):
        _marks(panel, strategy, stage, marks)
    values = [value for marks in measured.values() for _, seeds in marks for value in seeds]
    panel.set_ylim(min([accuracy - DEPTH, *values]) - 1, max([accuracy, *values]) + 1.5)
    panel.set_xlim(0, 1.04 * cost)
    panel.xaxis.set_major_formatter(EngFormatter(sep="\N{NO-BREAK SPACE}"))
    panel.set(xlabel=axis if axis != "macs" else "MACs", ylabel="accuracy / %")
    panel.set_title(f"Figure {number}: {'widths' if number == 3 else 'sparsities'}")
    panel.grid(visible=True, linewidth=0.5, color="#D9D9D9")
    panel.legend(loc="lower right", fontsize=8)


def _measured(
    cells: Cells, number: int, axis: CostAxis
) -> dict[tuple[str, str], list[tuple[float, list[float]]]]:
    """By strategy and stage: for every share the mean cost, and the seeds' accuracies."""
    found: dict[tuple[str, str], dict[str, list[tuple[float, float]]]] = {}
    for name, cell in cells.items():
        figure, _, *rest = name.split("/")
        if figure != f"figure={number}" or rest[0] != axis or len(rest) != 3:
            continue
        for stage in ("refitted", "fine_tuned"):
            if stage in cell:
                shares = found.setdefault((rest[2], stage), {})
                shares.setdefault(rest[1], []).append((cell[axis], cell[stage]))
    return {
        key: sorted(
            (fmean(c for c, _ in seeds), [a for _, a in seeds]) for seeds in shares.values()
        )
        for key, shares in found.items()
    }


def _marks(
    panel: Axes, strategy: str, stage: str, marks: Sequence[tuple[float, list[float]]]
) -> None:
    means = [fmean(seeds) for _, seeds in marks]
    below = [mean - min(seeds) for mean, (_, seeds) in zip(means, marks, strict=True)]
    above = [max(seeds) - mean for mean, (_, seeds) in zip(means, marks, strict=True)]
    colour = COLOURS[strategy]
    panel.errorbar(
        [cost for cost, _ in marks], means, yerr=[below, above],
        fmt=MARKERS[strategy], color=colour, capsize=3, linewidth=1.2,
        markersize=7, markerfacecolor=colour if stage == "fine_tuned" else "white", zorder=4,
        label=f"{strategy}, measured{', fine-tuned' if stage == 'fine_tuned' else ''}",
    )  # fmt: skip
