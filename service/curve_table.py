"""Curve table: a trade-off curve as CSV (RFC 4180), one row for everything that it shows."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from candidates.candidate import Cost
from search.predictor import Prediction
from service.bodies.curves import CurvePoint, MeasuredPoint, PointedAt, TradeOffCurve

COLUMNS = (
    "line", "share", *Cost.model_fields, "loss_nats",
    *(f"predicted_accuracy_{name}" for name in Prediction.model_fields),
    "measured_accuracy", "measured_accuracy_standard_error", "student", "strategy", "choices",
)  # fmt: skip
"""`line` is curve, uniform, measured or teacher; accuracies are in percent, `choices` are ids with
spaces between them.
"""


def csv_of(curve: TradeOffCurve) -> str:
    """With a heading."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(_rows(curve))
    return text.getvalue()


def _rows(curve: TradeOffCurve) -> Iterator[dict[str, Any]]:
    for point in curve.points:
        yield {"line": "curve", "strategy": "exact", **_choices(point), **_pointed_at(point)}
    for point in curve.uniform:
        yield {"line": "uniform", "strategy": "uniform", **_choices(point), **_pointed_at(point)}
    for student in curve.measured:
        yield {"line": "measured", **_measured(student), **_pointed_at(student)}
    yield {
        "line": "teacher",
        "share": 1.0,
        **curve.teacher_cost.model_dump(),
        "measured_accuracy": curve.teacher_accuracy.value,
        "measured_accuracy_standard_error": curve.teacher_accuracy.standard_error,
    }


def _pointed_at(point: PointedAt) -> dict[str, Any]:
    prediction = point.predicted_accuracy.model_dump()
    return {
        "share": point.share,
        **point.cost.model_dump(),
        "loss_nats": point.loss,
        **{f"predicted_accuracy_{name}": value for name, value in prediction.items()},
    }


def _choices(point: CurvePoint) -> dict[str, Any]:
    return {"choices": " ".join(point.choices)}


def _measured(student: MeasuredPoint) -> dict[str, Any]:
    return {
        "measured_accuracy": student.measured_accuracy.value,
        "measured_accuracy_standard_error": student.measured_accuracy.standard_error,
        "student": student.student,
        "strategy": student.strategy,
    }
