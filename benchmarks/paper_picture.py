"""Paper picture: the tables of the paper as bars, ours beside the paper's."""

from pathlib import Path
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.paper_sheets import SHEETS, Cells, Column, Sheet
from service.curve_picture import BLUE, GREEN, GREY, ORANGE, PURPLE

COLOURS = (GREY, ORANGE, GREEN, BLUE, PURPLE)
TALLEST = 30.0
"""Points at which bars are cut; their number is written beside them."""


def draw(cells: Cells, path: Path) -> None:
    """Write a PNG: points below the teacher; full bars are ours, hollow ones the paper's.

    A line through a bar's end reaches from the least to the greatest of the seeds; what was not
    measured has no full bar.
    """
    picture = Figure(figsize=(13, 8), layout="constrained")
    for panel, sheet in zip(picture.subplots(2, 2).flat, SHEETS, strict=True):
        _panel(panel, sheet, cells)
    picture.suptitle("Points below the teacher: full bars ours, hollow bars the paper's")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    print(f"Drawn in {path}")


def _panel(panel: Axes, sheet: Sheet, cells: Cells) -> None:
    width = 0.8 / (2 * len(sheet.columns))
    for number, column in enumerate(sheet.columns):
        for place, setting in enumerate(sheet.settings):
            left = place - 0.4 + (2 * number + 0.5) * width
            _ours(panel, column.ours(cells, setting), left, width, COLOURS[number])
            _papers(panel, column, setting, left + width, width, COLOURS[number])
        panel.bar([0], [0], color=COLOURS[number], label=column.name)
    panel.axhline(0, color="black", linewidth=0.8)
    panel.set_xticks(range(len(sheet.settings)), [f"{sheet.knob} = {s:g}" for s in sheet.settings])
    panel.set_xlim(-0.5, len(sheet.settings) - 0.5)
    panel.set(title=sheet.title, ylabel="points below the teacher")
    panel.set_ylim(top=min(TALLEST, panel.get_ylim()[1]) * 1.08)
    panel.grid(visible=True, axis="y", linewidth=0.5, color="#D9D9D9")
    panel.set_axisbelow(True)
    panel.legend(loc="upper left", fontsize=9)


def _ours(panel: Axes, seeds: list[float], place: float, width: float, colour: str) -> None:
    if not seeds:
        return
    mean = fmean(seeds)
    reach = [[mean - min(seeds)], [max(seeds) - mean]]
    panel.bar([place], [min(mean, TALLEST)], width, color=colour, yerr=reach, capsize=3)
    _label(panel, place, mean)


def _papers(
    panel: Axes, column: Column, setting: float, place: float, width: float, colour: str
) -> None:
    if setting in column.paper:
        points = column.paper[setting]
        panel.bar([place], [min(points, TALLEST)], width, edgecolor=colour, facecolor="none")
        _label(panel, place, points)


def _label(panel: Axes, place: float, points: float) -> None:
    height = max(0.0, min(points, TALLEST))
    panel.annotate(
        f"{points:.1f}", (place, height), xytext=(0, 2), textcoords="offset points",
        ha="center", fontsize=7,
    )  # fmt: skip
