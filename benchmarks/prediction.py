"""Prediction: how well a student is foretold, from candidates alone and after measuring some.

`python -m benchmarks.prediction DATA TEACHER`; at least: over 60 random selections Kendall's τ of
our prediction and the measured accuracy above that of the paper's sum of accuracy drops, and 85 to
95 % of measured accuracies inside the 90 % interval that was made without them. What was measured
is kept in var/prediction, so that a run which was stopped goes on. Each seed has another library,
other students and a file of results of its own.
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from benchmarks.cifar_job import load_dataset, parser
from benchmarks.prediction_picture import draw
from benchmarks.prediction_scores import SCORES, summed
from benchmarks.prediction_students import Students, kept_library, measured_students
from benchmarks.report import publish
from candidates.recipe import LibraryRecipe
from search.calibration import Calibration, calibration
from search.problem import MeasuredStudent, Problem

FITTED_ON = (0, 5, 10, 20, 40)
PICTURE = Path("docs") / "prediction.png"


def main() -> None:
    """One library, its students, and what would have been said of them."""
    given = _arguments()
    students = _students(given)
    shown = calibration(students.problem.with_measured(students.random))
    if given.picture:
        draw(shown, students, PICTURE)
    settings = {key: each for key, each in vars(given).items() if key not in {"data", "teacher"}}
    figures = _figures(given, students, shown)
    publish("prediction", settings, figures, variant=f"_seed_{given.seed}")


def _arguments() -> Namespace:
    options = parser(__doc__)
    options.add_argument("--steps", type=int, default=0, help="refinement steps a candidate")
    options.add_argument("--random", type=int, default=60, help="random students")
    options.add_argument("--exact", type=int, default=12, help="students of exact selections")
    options.add_argument("--reporting-images", type=int, default=2500)
    options.add_argument("--refit-images", type=int, default=1000)
    options.add_argument("--splits", type=int, default=200, help="of students into known and new")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--picture", action="store_true", help=f"draw {PICTURE}")
    return options.parse_args()


def _students(given: Namespace) -> Students:
    dataset = load_dataset(given.data)
    reporting = dataset.reporting.sample(given.reporting_images, given.seed)
    dataset = replace(dataset, reporting=reporting)
    recipe = LibraryRecipe(steps=given.steps, seed=given.seed)
    name = f"steps-{given.steps}-seed-{given.seed}"
    library = kept_library(given.teacher, dataset, recipe, name)
    refit = recipe.model_copy(update={"calibration_images": given.refit_images})
    name = f"{name}-on-{given.reporting_images}-refit-on-{given.refit_images}"
    return measured_students(replace(library, recipe=refit), given.random, given.exact, name)


def _figures(given: Namespace, students: Students, shown: Calibration) -> dict[str, Any]:
    return {
        "teacher_percent": students.teacher.value,
        "teacher_on_scoring_images_percent": students.problem.teacher_accuracy,
        "kendall_tau": _taus(students.problem, students.random),
        "kendall_tau_above_80_percent": _taus(
            students.problem, [each for each in students.random if each.accuracy.value > 80]
        ),
        "exact_percent": [each.accuracy.value for each in students.exact],
        "exact_by_plain_kl_percent": [each.accuracy.value for each in students.plain],
        "weights": students.problem.cold_start.weights,
        "weights_by_students": students.problem.with_measured(students.random).predictor.weights,
        "kendall_tau_left_out": _tau(
            [point.predicted.value for point in shown.points],
            [point.measured.value for point in shown.points],
        ),
        "inside_left_out_share": shown.num_inside / len(shown.points),
        "new_students_after_so_many": {
            count: _coverage(given, students, count) for count in FITTED_ON
        },
        "exact_students_after_all_random": _told(
            students.problem.with_measured(students.random), students.exact
        ),
        "students": [
            {
                "loss": round(point.loss, 4),
                "interval_percent": [round(point.predicted.low, 2), round(point.predicted.high, 2)],
                "measured_percent": point.measured.value,
            }
            for point in shown.points
        ],
    }


def _taus(problem: Problem, students: Sequence[MeasuredStudent]) -> dict[str, float]:
    measured = [student.accuracy.value for student in students]
    cold = [
        problem.cold_start.loss(seen.nats) for seen in problem.with_measured(students).observations
    ]
    return {"ours": -_tau(cold, measured)} | {
        name: -_tau([summed(problem, each, of) for each in students], measured)
        for name, of in SCORES.items()
    }


def _tau(first: Sequence[float], second: Sequence[float]) -> float:
    return float(kendalltau(first, second).statistic)


def _coverage(given: Namespace, students: Students, count: int) -> dict[str, float]:
    """Of the random students that were not among the `count` measured ones, over all splits."""
    numbers = np.random.default_rng(given.seed)
    told = []
    for _ in range(given.splits if count else 1):
        order = numbers.permutation(len(students.random))
        known, new = ([students.random[at] for at in half] for half in np.split(order, [count]))
        told.append(_told(students.problem.with_measured(known), new))
    return {name: float(np.mean([each[name] for each in told])) for name in told[0]}


def _told(problem: Problem, new: Sequence[MeasuredStudent]) -> dict[str, float]:
    predictor = problem.predictor
    nats = [seen.nats for seen in problem.with_measured(new).observations]
    predicted = [predictor.accuracy(predictor.loss(each)) for each in nats]
    measured = [student.accuracy.value for student in new]
    pairs = list(zip(predicted, measured, strict=True))
    return {
        "kendall_tau": _tau([each.value for each in predicted], measured),
        "inside_share": float(np.mean([each.low <= seen <= each.high for each, seen in pairs])),
        "mean_error_points": float(np.mean([abs(each.value - seen) for each, seen in pairs])),
        "mean_width_points": float(np.mean([each.high - each.low for each in predicted])),
    }


if __name__ == "__main__":
    main()
