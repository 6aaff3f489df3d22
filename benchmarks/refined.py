"""Refined: exact selection at half the parameters from a library whose candidates were refined.

`python -m benchmarks.refined DATA TEACHER`; at least: with 500 refinement steps a candidate and
refit, at most 5 points below the teacher, before any fine-tuning.
"""

from argparse import Namespace
from typing import Any

from benchmarks.cifar_job import load_dataset, parser
from benchmarks.in_process import Library, make_library
from benchmarks.report import publish, spread
from candidates.measure import Measurement
from candidates.recipe import LibraryRecipe
from search.budget import Budget
from search.settings import SearchSettings
from search.strategies import StrategyName, select

STRATEGIES: tuple[StrategyName, ...] = ("exact", "uniform", "threshold")


def main() -> None:
    """One library a seed; the seed draws the images and the batches."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--steps", type=int, default=500)
    options.add_argument("--share", type=float, default=0.5)
    given = options.parse_args()
    dataset = load_dataset(given.data)
    results: dict[str, list[Measurement]] = {name: [] for name in STRATEGIES}
    for seed in given.seeds:
        recipe = LibraryRecipe(steps=given.steps, seed=seed)
        library = make_library(given.teacher, dataset, recipe)
        for name in STRATEGIES:
            results[name].append(_student(library, name, given.share))
            print(f"seed {seed}, {name}: {results[name][-1]}", flush=True)
    publish("refined", _settings(given), {name: _figures(got) for name, got in results.items()})


def _student(library: Library, strategy: StrategyName, share: float) -> Measurement:
    budget = Budget(parameters=int(share * library.teacher.cost.parameters))
    answer = select(strategy, library.problem, budget, SearchSettings())
    return library.measured(answer.selection.choices)


def _figures(measured: list[Measurement]) -> dict[str, Any]:
    return {
        "teacher_percent": measured[0].teacher.value,
        "standard_error_points": measured[0].refitted.standard_error,
        "assembled_below_teacher_points": spread(
            [each.teacher.value - each.assembled.value for each in measured]
        ),
        "refitted_below_teacher_points": spread(
            [each.teacher.value - each.refitted.value for each in measured]
        ),
    }


def _settings(given: Namespace) -> dict[str, Any]:
    return {key: value for key, value in vars(given).items() if key not in {"data", "teacher"}}


if __name__ == "__main__":
    main()
