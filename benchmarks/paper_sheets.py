"""Paper sheets: what the paper's tables say, and which of our cells stand beside it.

All accuracies are points below the teacher, ours below ours and the paper's below the paper's.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.paper_cells import Cell

Cells = Mapping[str, Cell]
Figure = Callable[[Cell], float]
CIFAR, IMAGENET = 91.6, 76.2
"""The paper's teachers, in percent: ResNet-20 and ResNet-50."""


@dataclass(frozen=True)
class Column:
    """One method: the cells it is read from, of which `{}` is the knob, and the paper's points."""

    name: str
    cells: str
    figure: Figure
    paper: Mapping[float, float]

    def ours(self, cells: Cells, setting: float) -> list[float]:
        """Points below the teacher, one a seed; nothing where it was not measured."""
        if "teacher" not in cells:
            return []
        teacher = cells["teacher"]["accuracy"]
        prefix = self.cells.format(f"{setting:g}")
        return [teacher - value for value in figures(cells, prefix, self.figure)]


class Sheet(NamedTuple):
    """A table of the paper: points below the teacher against the settings of one knob."""

    title: str
    knob: str
    settings: Sequence[float]
    columns: Sequence[Column]


class Duration(NamedTuple):
    """A line of Table 6: processor seconds of ours, and the paper's share of its KD run."""

    name: str
    cells: str
    figure: Figure
    paper: float


def figures(cells: Cells, prefix: str, figure: Figure) -> list[float]:
    """One a seed, of the cells that have it."""
    found = [cell for name, cell in cells.items() if re.match(re.escape(prefix), name)]
    return [figure(cell) for cell in found]


def _last(cell: Cell) -> float:
    return float(cell["accuracies"][-1])


def _fine_tuned(cell: Cell) -> float:
    return _last(cell["fine_tuned"])


def _assembled(cell: Cell) -> float:
    return float(cell["assembled"])


def _refitted(cell: Cell) -> float:
    return float(cell["refitted"])


def _refined(cell: Cell) -> float:
    return float(cell["refined"])


def _library(cell: Cell) -> float:
    return float(cell["gathered_s"] + sum(cell["neighbourhoods_s"]))


def _below(teacher: float, accuracies: Mapping[float, float]) -> dict[float, float]:
    return {setting: teacher - accuracy for setting, accuracy in accuracies.items()}


MULTIPLIERS = (0.9, 0.75, 0.5, 0.4)
SPARSITIES = (0.5, 0.7, 0.8, 0.9)
DATA_FREE = (0.9, 0.75, 0.5)
SHEETS = (
    Sheet(
        "Table 1: narrow students", "k", MULTIPLIERS,
        (
            Column("CE", "ce/k={}/", _last,
                   _below(CIFAR, {0.9: 91.3, 0.75: 90.9, 0.5: 90.2, 0.4: 89.3})),
            Column("KD", "kd/k={}/", _last,
                   _below(CIFAR, {0.9: 91.7, 0.75: 91.6, 0.5: 91.0, 0.4: 89.7})),
            Column("ND+FT", "ft/k={}/", _fine_tuned,
                   _below(CIFAR, {0.9: 91.7, 0.75: 91.7, 0.5: 91.0, 0.4: 90.0})),
            Column("ND", "nd/k={}/", _refitted,
                   _below(CIFAR, {0.9: 91.3, 0.75: 87.6, 0.5: 88.2, 0.4: 83.5})),
            Column("ND, refined", "refined/k={}/", _refined, {}),
        ),
    ),
    Sheet(
        "Table 3a: sparse, not fine-tuned (the paper's: ResNet-50)", "s", SPARSITIES,
        (
            Column("ND", "sparse/s={}/", _refitted,
                   _below(IMAGENET, {0.5: 75.26, 0.7: 69.52, 0.8: 49.83, 0.9: 0.60})),
        ),
    ),
    Sheet(
        "Table 3b: no image seen", "k", DATA_FREE,
        (
            Column("matched images", "matched/k={}/", _refitted, {}),
            Column("Gaussian, no refit", "gaussian/k={}/", _assembled,
                   _below(CIFAR, {0.9: 88.78, 0.75: 80.64, 0.5: 53.40})),
        ),
    ),
    Sheet(
        "Table 5: look-ahead", "k", MULTIPLIERS,
        (
            Column("ND", "nd/k={}/", _refitted,
                   _below(CIFAR, {0.9: 91.1, 0.75: 89.7, 0.5: 85.7})),
            Column("2-LA ND", "2la/k={}/", _refitted,
                   _below(CIFAR, {0.9: 91.4, 0.75: 90.6, 0.5: 87.1})),
        ),
    ),
)  # fmt: skip
DURATIONS = (
    Duration("ND, one unit", "ft/k=0.5/", lambda cell: max(cell["neighbourhoods_s"]), 0.03 / 3.2),
    Duration(
        "ND, all units", "ft/k=0.5/", lambda cell: _library(cell) + cell["refit_s"], 0.32 / 3.2
    ),
    Duration(
        "fine-tuning", "ft/k=0.5/", lambda cell: cell["fine_tuned"]["seconds"][-1], 1.07 / 3.2
    ),
    Duration("library of ten", "library/", _library, 1.0),
    Duration("KD", "kd/k=0.5/", lambda cell: cell["seconds"][-1], 1.0),
)
"""Table 6: training time of one multiplier."""
