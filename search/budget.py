"""Budget: upper limits on what a student may cost."""

import re
from fractions import Fraction
from math import floor, inf
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from candidates.candidate import Cost
from candidates.value import Value
from search.written import number_in

CostAxis = Literal["parameters", "macs", "bytes", "latency_ms"]
"""Costs that add up along the network; the peak of activations does not."""
Axis = Literal["parameters", "macs", "bytes", "activation_bytes", "latency_ms", "accuracy_drop"]

_SHARE = r"[0-9]{1,4}(\.[0-9]{1,6})?%"
_SHARE_SCHEMA = {"type": "string", "pattern": f"^{_SHARE}$", "examples": ["50%"]}


def _whole_limit(given: Any) -> int | float | str:
    return _limit(given, int)


def _real_limit(given: Any) -> int | float | str:
    return _limit(given, float)


def _limit(given: Any, number: type[int] | type[float]) -> int | float | str:
    if isinstance(given, str) and re.fullmatch(_SHARE, given) and _share(given) > 0:
        return given
    written: Any = number_in(given) if isinstance(given, str) else given
    try:
        limit = number(written)
        usable = 0 < float(limit) < inf and limit == float(written) and not isinstance(given, bool)
    except (TypeError, ValueError, OverflowError):
        usable = False
    if not usable:
        kind = "a whole number" if number is int else "a number"
        raise ValueError(
            f"a limit is {kind} above 0, such as 20000, 20_000, 2e4, 20k or 1.5M, or a share of "
            "the teacher like '50%'"
        )
    return limit


def _schema(number: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": number, "exclusiveMinimum": 0}, _SHARE_SCHEMA]})


WholeLimit = Annotated[int | str, BeforeValidator(_whole_limit), _schema("integer")]
RealLimit = Annotated[float | str, BeforeValidator(_real_limit), _schema("number")]


def _is_none(value: object) -> bool:
    return value is None


def _is_parameters(value: object) -> bool:
    return value == "parameters"


class Budget(Value):
    """At least one limit: a number in the axis's own unit, or a share of the teacher like "50%".

    `accuracy_drop` is the predicted loss in points; `activation_bytes` the peak of what is alive at
    once for one image. Latencies are those of a `device`, by its id or name. Where the accuracy
    drop is limited and no cost that adds up, the student of least `minimise` is wanted.
    """

    parameters: WholeLimit | None = None
    macs: WholeLimit | None = None
    bytes: WholeLimit | None = None
    activation_bytes: WholeLimit | None = Field(default=None, exclude_if=_is_none)
    latency_ms: RealLimit | None = Field(default=None, exclude_if=_is_none)
    accuracy_drop: Annotated[float, Field(ge=0, le=100)] | None = None
    device: str | None = Field(default=None, exclude_if=_is_none)
    minimise: CostAxis = Field(default="parameters", exclude_if=_is_parameters)

    @model_validator(mode="after")
    def _makes_sense(self) -> "Budget":
        given = [axis for axis in get_args(Axis) if getattr(self, axis) is not None]
        if not given:
            raise ValueError(f"a budget needs at least one of {', '.join(get_args(Axis))}")
        costs = [axis for axis in given if axis in get_args(CostAxis)]
        if self.minimise != "parameters" and (costs or "accuracy_drop" not in given):
            raise ValueError(
                f"minimise={self.minimise} says which cost to make small when accuracy_drop is "
                "limited and no cost; leave it out, or limit accuracy_drop alone"
            )
        timed = self.latency_ms is not None or self.minimise == "latency_ms"
        if timed and self.device is None:
            raise ValueError("latency_ms is that of a device; name one as 'device'")
        if self.device is not None and not timed:
            raise ValueError("a device is named but no latency_ms is limited; leave one of them")
        return self

    @property
    def limits(self) -> dict[Axis, float]:
        """The limits that are set, by axis, in the order of the fields; of a resolved budget."""
        limits: dict[Axis, float] = {}
        for axis in get_args(Axis):
            value = getattr(self, axis)
            if isinstance(value, str):
                raise ValueError(f"{axis} ≤ {value} is a share; resolve the budget first")
            if value is not None:
                limits[axis] = value
        return limits

    @property
    def cost_axes(self) -> tuple[CostAxis, ...]:
        """The costs that add up and are limited. None: the least `minimise` is wanted, or else
        the least loss.
        """
        return tuple(axis for axis in get_args(CostAxis) if getattr(self, axis) is not None)

    def resolved(self, teacher_cost: Cost) -> "Budget":
        """The same with every share as a number: of whole units the greatest not above it."""
        update = {
            axis: _part(getattr(teacher_cost, axis), share)
            for axis in get_args(Axis)
            if isinstance(share := getattr(self, axis), str)
        }
        return self.model_copy(update=update)


def _share(text: str) -> Fraction:
    return Fraction(text.removesuffix("%")) / 100


def _part(whole: float, share: str) -> float:
    part = _share(share) * Fraction(whole)
    return floor(part) if isinstance(whole, int) else float(part)
