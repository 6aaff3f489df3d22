"""Budget: upper limits on what a student may cost."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from candidates.value import Value

Axis = Literal["parameters", "macs", "bytes", "accuracy_drop"]
COST_AXES: tuple[Axis, ...] = ("parameters", "macs", "bytes")


class Budget(Value):
    """At least one limit; `accuracy_drop` is the predicted loss in points, the rest absolute."""

    parameters: Annotated[int, Field(gt=0)] | None = None
    macs: Annotated[int, Field(gt=0)] | None = None
    bytes: Annotated[int, Field(gt=0)] | None = None
    accuracy_drop: Annotated[float, Field(ge=0, le=100)] | None = None

    @model_validator(mode="after")
    def _some_limit(self) -> "Budget":
        if not self.limits:
            raise ValueError(
                "a budget needs at least one of parameters, macs, bytes, accuracy_drop"
            )
        return self

    @property
    def limits(self) -> dict[Axis, float]:
        """The limits that are set, by axis, in the order of the fields."""
        axes: tuple[Axis, ...] = (*COST_AXES, "accuracy_drop")
        return {axis: value for axis in axes if (value := getattr(self, axis)) is not None}
