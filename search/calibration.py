"""Calibration: how often measured students lay inside the interval predicted for them."""

from candidates.candidate import Estimate
from candidates.value import Value
from search.predictor import Prediction
from search.problem import Problem


class CalibrationPoint(Value):
    """A measured student, its loss, and what the others alone would have told of it."""

    choices: tuple[str, ...]
    loss: float
    predicted: Prediction
    measured: Estimate
    inside: bool


class Calibration(Value):
    """`points` in the order in which the students were measured; `coverage` is the share that
    should lie inside.
    """

    coverage: float
    num_inside: int
    points: tuple[CalibrationPoint, ...]


def calibration(problem: Problem) -> Calibration:
    """Every measured student of `problem`, predicted without itself."""
    from search.conformal import COVERAGE, left_out  # numpy is not for everyone who imports this

    told = left_out(problem.cold_start, problem.observations)
    points = tuple(
        CalibrationPoint(
            choices=student.choices,
            loss=problem.predictor.loss(seen.nats),
            predicted=predicted,
            measured=student.accuracy,
            inside=predicted.low <= student.accuracy.value <= predicted.high,
        )
        for student, seen, predicted in zip(
            problem.measured, problem.observations, told, strict=True
        )
    )
    return Calibration(
        coverage=COVERAGE, num_inside=sum(point.inside for point in points), points=points
    )
