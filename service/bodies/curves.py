"""Bodies of trade-off curves."""

from typing import Literal

from pydantic import BaseModel, Field

from candidates.candidate import Cost, Estimate
from search.budget import Budget, CostAxis
from search.predictor import Prediction
from service.bodies.common import LABELS_FROM
from service.records import LabelsFrom

Format = Literal["json", "csv", "svg", "png"]


class PointedAt(BaseModel):
    """A selection, by what it costs and what it should reach."""

    cost: Cost
    share: float = Field(description="Its cost on the curve's axis, of the teacher's.")
    loss: float = Field(description="Summed KL of the partial models, in nats.")
    predicted_accuracy: Prediction = Field(description="In percent, with a 90 % interval.")


class CurvePoint(PointedAt):
    """A selection on a line."""

    choices: tuple[str, ...] = Field(description="Candidate ids, from input to output.")
    budget: Budget = Field(
        description="Ask for a student with this budget, and with the strategy 'exact' for a point "
        "of the curve or 'uniform' for a uniform one, to have it."
    )


class MeasuredPoint(PointedAt):
    """A student that was measured after its refit."""

    student: str = Field(description="Its id.")
    strategy: str
    measured_accuracy: Estimate = Field(description="In percent, on the reporting images.")
    teacher_accuracy: Estimate = Field(description="The teacher's on the same images.")
    inside: bool = Field(description="Whether the measured accuracy lies in the 90 % interval.")


class TradeOffCurve(BaseModel):
    """The selections that no other beats on cost and loss, with what to compare them with."""

    library: str
    axis: CostAxis
    device: str | None = Field(description="Id of the device whose latencies are in the costs.")
    teacher_cost: Cost
    teacher_accuracy: Estimate = Field(description="In percent, on the scoring images.")
    labels_from: LabelsFrom = Field(description=LABELS_FROM)
    num_undominated: int | None = Field(
        description="How many there are, of which `points` may be fewer; null where they are too "
        "many to list, and the points are taken from those at the corners of the curve's convex "
        "hull, which are undominated too."
    )
    points: list[CurvePoint] = Field(
        description="By ascending cost, evenly spread along the curve, both ends in."
    )
    uniform: list[CurvePoint] = Field(description="The same multiplier everywhere.")
    measured: list[MeasuredPoint] = Field(
        description="The students of the library measured so far, by ascending cost, whatever they "
        "were asked for; their predictions are those of today."
    )
