"""Closed form: what candidates lose that never saw a gradient, and a uniform student of them.

`python -m benchmarks.closed_form DATA TEACHER`. Two numbers to reach on the JPEG copy of
CIFAR-10: partial-model drops as good as the first measurements at every k (`FIRST` below: the
accuracy change in points that a prototype reached with a teacher of 87.4 % and 2 000 unlabelled
images), and uniform k = 0.5 with refit at most 13 points below the teacher.
"""

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.cifar_job import load_dataset, parser
from benchmarks.in_process import Library, make_library
from benchmarks.report import publish, spread
from candidates.recipe import LibraryRecipe

MULTIPLIERS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FIRST: Mapping[str, Sequence[float]] = {
    "layer1.0": (2.0, 1.2, 0.7, 0.6, 0.3, 0.4, 0.3, 0.2, 0.0),
    "layer1.2": (9.4, 5.8, 1.2, 1.0, 0.4, 0.3, 0.3, 0.1, 0.0),
    "layer2.1": (6.8, 3.0, 1.4, 0.6, 0.2, 0.0, 0.0, 0.2, -0.1),
    "layer3.0": (20.1, 9.9, 4.9, 2.6, 1.4, 1.0, 0.5, 0.5, 0.0),
    "layer3.2": (21.9, 11.1, 7.6, 3.9, 2.9, 1.3, 1.3, 0.7, 0.3),
}
Drops = dict[str, dict[float, list[tuple[float, float]]]]
"""Neighbourhood -> multiplier -> (drop in points, its standard error) for each seed."""


def main() -> None:
    """One library a seed; the seed draws the calibration images."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--calibration-images", type=int, default=2000)
    options.add_argument("--scoring-images", type=int, default=5000)
    given = options.parse_args()
    dataset = load_dataset(given.data)
    drops: Drops = {}
    uniform = []
    for seed in given.seeds:
        recipe = LibraryRecipe(
            kinds={"width": {"multiplier": MULTIPLIERS}},
            steps=0,
            calibration_images=given.calibration_images,
            scoring_images=given.scoring_images,
            seed=seed,
        )
        library = make_library(given.teacher, dataset, recipe)
        _collect(library, drops)
        uniform.append(library.measured(library.uniform(0.5)))
    _show(drops)
    figures = {
        "drops_points": _figures(drops),
        "cells_worse_than_first_by_two_errors": _worse(drops),
        "teacher_percent": uniform[0].teacher.value,
        "uniform_half_assembled_percent": spread([m.assembled.value for m in uniform]),
        "uniform_half_refitted_percent": spread([m.refitted.value for m in uniform]),
        "uniform_half_below_teacher_points": spread(
            [m.teacher.value - m.refitted.value for m in uniform]
        ),
    }
    settings = {key: value for key, value in vars(given).items() if key not in {"data", "teacher"}}
    publish("closed_form", settings, figures)


def _collect(library: Library, drops: Drops) -> None:
    for part in library.candidates:
        for made in part:
            drop = made.candidate.score.accuracy_drop
            row = drops.setdefault(made.candidate.neighbourhood, {})
            cell = row.setdefault(float(made.candidate.knobs["multiplier"]), [])
            cell.append((drop.value, drop.standard_error))


def _mean(cell: Sequence[tuple[float, float]]) -> float:
    return sum(drop for drop, _ in cell) / len(cell)


def _figures(drops: Drops) -> dict[str, dict[str, list[float]]]:
    """In the order of the multipliers: mean over the seeds, their spread, error over the images."""
    return {
        name: {
            "mean": [round(_mean(row[k]), 2) for k in MULTIPLIERS],
            "standard_deviation_of_seeds": [
                round(spread([drop for drop, _ in row[k]])["standard_deviation"], 2)
                for k in MULTIPLIERS
            ],
            "standard_error_of_images": [round(row[k][0][1], 2) for k in MULTIPLIERS],
        }
        for name, row in drops.items()
    }


def _worse(drops: Drops) -> list[str]:
    """Cells that lose more than the first measurements did, beyond twice the standard error."""
    return [
        f"{name} k={k:g}: {_mean(drops[name][k]):.2f} after {first:.1f}"
        for name, row in FIRST.items()
        for k, first in zip(MULTIPLIERS, row, strict=True)
        if _mean(drops[name][k]) > first + 2 * drops[name][k][0][1]
    ]


def _show(drops: Drops) -> None:
    table = Table(title="Drop of the partial model in points", box=SIMPLE_HEAD)
    table.add_column("k", no_wrap=True)
    for k in MULTIPLIERS:
        table.add_column(f"{k:g}", justify="right", no_wrap=True)
    for name, row in drops.items():
        table.add_row(name, *(f"{_mean(row[k]):.1f}" for k in MULTIPLIERS))
        if name in FIRST:
            table.add_row("  first", *(f"{drop:.1f}" for drop in FIRST[name]), style="dim")
    Console().print(table)


if __name__ == "__main__":
    main()
