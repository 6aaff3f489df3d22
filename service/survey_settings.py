"""Settings of a survey: which students of a library are to be measured."""

from pydantic import Field, model_validator

from candidates.value import Value
from search.budget import Budget, CostAxis


class SurveySettings(Value):
    """Students spread along the trade-off curve, and the best ones within a budget."""

    count: int = Field(
        default=12, ge=2, le=100, description="Students spread evenly along the trade-off curve."
    )
    axis: CostAxis = Field(default="parameters", description="The cost of the trade-off curve.")
    device: str | None = Field(
        default=None, description="Whose latencies the axis latency_ms means, by its id or name."
    )
    budget: Budget | None = Field(
        default=None, description="Within it the best distinct students are measured as well."
    )
    top: int = Field(default=5, ge=1, le=50, description="How many of those, with a budget.")

    @model_validator(mode="after")
    def _makes_sense(self) -> "SurveySettings":
        if (self.axis == "latency_ms") != (self.device is not None):
            raise ValueError("the axis latency_ms needs a device, and no other axis takes one")
        return self
