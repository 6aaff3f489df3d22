"""Figures: the paper's Figures 3 and 7 from our own runs, every strategy on one plot.

`python -m benchmarks.figures DATA TEACHER` measures what benchmarks/results/figures.json does not
hold yet, student by student, so that a stopped run goes on where it was; libraries are kept in
var/figures. Then it prints the margins and draws figures.png and .svg beside it. At least: at 75,
50 and 35 % of the parameters, the exact selection is better than the best uniform one at every seed
before fine-tuning, and no worse after equal fine-tuning. `--print` measures nothing.
"""

import argparse
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.cifar_job import load_dataset, parser
from benchmarks.figure_lines import Asked, lines, selected, strategies
from benchmarks.figure_picture import draw
from benchmarks.figure_print import print_margins
from benchmarks.in_process import Library
from benchmarks.kept_library import kept_library
from benchmarks.report import RESULTS, publish
from candidates.candidate import identity
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.score import measured_accuracy
from candidates.stream import Stream
from candidates.student import build_student
from candidates.training import distillation, train
from candidates.training_recipe import TrainingRecipe
from search.budget import CostAxis

FILE, FOLDER = RESULTS / "figures.json", Path("var") / "figures"
SPARSITIES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
Cell = dict[str, Any]


class Figure(NamedTuple):
    """A figure of the paper: what its library has, and what it is drawn over."""

    number: int
    recipe: dict[str, Any]
    axes: tuple[CostAxis, ...]


FIGURES = (
    Figure(3, {}, ("parameters", "macs")),
    Figure(
        7,
        {"granularity": "layer", "kinds": {"sparse": {"sparsity": SPARSITIES}}},
        ("parameters",),
    ),
)


def main() -> None:
    """Measure what is missing, then print and draw."""
    given = _options()
    cells = _known(given)
    torch.set_num_threads(1)
    if not given.print:
        for figure, seed in product(FIGURES, given.seeds):
            if figure.number in given.figures:
                _measure(given, figure, seed, cells)
    print_margins(cells)
    draw(cells, [figure for figure in FIGURES if figure.number in given.figures], RESULTS)


def _known(given: argparse.Namespace) -> dict[str, Cell]:
    """What an earlier run of the same libraries measured."""
    if not FILE.exists():
        return {}
    record = json.loads(FILE.read_text())
    for name in ("steps", "images"):
        if not given.print and record["settings"][name] != getattr(given, name):
            raise SystemExit(
                f"{FILE} was measured with --{name} {record['settings'][name]}. Go on with the "
                "same, or move the file away."
            )
    return dict(record["figures"])


def _measure(given: argparse.Namespace, figure: Figure, seed: int, cells: dict[str, Cell]) -> None:
    head = f"figure={figure.number}/seed={seed}"
    wanted = [
        asked
        for asked in _wanted(given, figure)
        if _is_missing(cells.get(f"{head}/{asked.name}"), given)
    ]
    if not wanted:
        return
    library = _library(given, figure, seed)
    for axis in figure.axes:
        cells[f"{head}/{axis}/lines"] = {
            **lines(library, axis),
            "teacher": [getattr(library.teacher.cost, axis), library.teacher_accuracy.value],
        }
    for asked in wanted:
        name = f"{head}/{asked.name}"
        cells[name] = _cell(given, library, asked, seed, cells)
        print(f"{name}: {json.dumps(cells[name])}", flush=True)
        publish("figures", _settings(given), dict(sorted(cells.items())), show=False)


def _wanted(given: argparse.Namespace, figure: Figure) -> Iterator[Asked]:
    for axis, share, strategy in product(figure.axes, given.shares, strategies()):
        if strategy in given.strategies and axis in given.axes:
            yield Asked(axis, share, strategy)


def _is_missing(cell: Cell | None, given: argparse.Namespace) -> bool:
    if cell is None:
        return True
    return "refused" not in cell and given.fine_tuning_steps not in (0, cell.get("steps"))


def _library(given: argparse.Namespace, figure: Figure, seed: int) -> Library:
    recipe = LibraryRecipe(
        steps=given.steps,
        calibration_images=given.images,
        scoring_images=given.images,
        seed=seed,
        **figure.recipe,
    )
    dataset = load_dataset(given.data)
    return kept_library(FOLDER, given.teacher, dataset, recipe, given.processes)


def _cell(
    given: argparse.Namespace, library: Library, asked: Asked, seed: int, cells: dict[str, Cell]
) -> Cell:
    """One student; the same selection is not measured twice."""
    selection = selected(library, asked, seed)
    if isinstance(selection, str):
        return {"refused": selection}
    digest = identity(choices=selection.choices)[:16]
    same = (cell for cell in cells.values() if cell.get("student") == digest)
    known = next((cell for cell in same if not _is_missing(cell, given)), None)
    if known is not None:
        return known
    return {
        "student": digest,
        "parameters": selection.cost.parameters,
        "macs": selection.cost.macs,
        "loss": selection.loss,
        "predicted": selection.predicted_accuracy.value,
        **_measured(library, selection.choices, given.fine_tuning_steps, seed),
    }


def _measured(library: Library, choices: tuple[str, ...], steps: int, seed: int) -> Cell:
    """Accuracies in percent on the reporting images."""
    found, file = library.refitted(choices)
    cell: Cell = {
        "teacher": found.teacher.value,
        "assembled": found.assembled.value,
        "refitted": found.refitted.value,
    }
    if not steps:
        return cell
    network, teacher = build_student(file), library.teacher
    recipe = TrainingRecipe(num_steps=steps, learning_rate=0.01, seed=seed, flip=True)
    images = library.dataset.calibration, teacher.recipe.preprocessing
    train(network, images, distillation(teacher.network), recipe, silent)
    network.eval()
    reporting = library.dataset.reporting
    stream = Stream(reporting, teacher.recipe.preprocessing, limit_bytes=0)
    accuracy = measured_accuracy(network, stream, reporting.labels).value
    return cell | {"steps": steps, "fine_tuned": accuracy}


def _settings(given: argparse.Namespace) -> dict[str, Any]:
    left_out = {"data", "teacher", "print", "processes", "axes"}
    return {key: value for key, value in vars(given).items() if key not in left_out}


def _options() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--figures", type=int, nargs="+", default=[3, 7], choices=[3, 7])
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--shares", type=float, nargs="+", default=[0.75, 0.6, 0.5, 0.35, 0.25])
    options.add_argument("--axes", nargs="+", default=["parameters", "macs"])
    options.add_argument("--strategies", nargs="+", default=strategies(), choices=strategies())
    options.add_argument("--steps", type=int, default=500, help="refinement steps a candidate")
    options.add_argument("--images", type=int, default=2000, help="for Grams, and for scores")
    options.add_argument("--fine-tuning-steps", type=int, default=0, help="equal for all students")
    options.add_argument("--processes", type=int, default=1, help="that make a library")
    options.add_argument("--print", action="store_true", help="print and draw what is known")
    return options.parse_args()


if __name__ == "__main__":
    main()
