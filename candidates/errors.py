"""What can go wrong in the domain, each with the sentence its reader needs."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal


class StudentSearchError(Exception):
    """Root of every error that a caller may want to handle; `str()` is a full sentence."""


class InvalidRecipe(StudentSearchError):
    """A recipe names an architecture, an argument or a setting that is not allowed."""


class InvalidCheckpoint(StudentSearchError):
    """A weights file is not well-formed safetensors, or does not fit its recipe."""


class InvalidProgram(StudentSearchError):
    """A network's description calls what may not be called, or reads what nothing gives."""


class InvalidDataset(StudentSearchError):
    """An image source cannot be read, or does not hold what is needed."""


class NonFiniteActivation(StudentSearchError):
    """A network computed NaN or Inf; the message names the first module that did."""


class UnsplittableTeacher(StudentSearchError):
    """No neighbourhood with a width that may shrink was found."""


class NotExportable(StudentSearchError):
    """A student cannot be written in a format; the message names what is in the way."""


class InfeasibleBudget(StudentSearchError):
    """No selection keeps within the budget.

    `axis` is the limit that binds, `limit` its value and `smallest` the least that any
    selection reaches on that axis, both in the axis's own unit.
    """

    def __init__(self, axis: str, limit: float, smallest: float) -> None:
        least = _no_less_than(smallest)
        super().__init__(
            f"No student keeps within {axis} ≤ {_plain(limit)}: the smallest reachable is {least}. "
            f"Raise the limit to at least {least}, or build a library with smaller candidates."
        )
        self.axis, self.limit, self.smallest = axis, limit, smallest


class ContradictoryBudget(StudentSearchError):
    """Every limit can be kept alone, but not these together, and no fewer of them contradict.

    `limits` are their values by axis, `reachable` the least on each that a selection reaches which
    keeps all the others, both in the axis's own unit.
    """

    def __init__(self, limits: Mapping[str, float], reachable: Mapping[str, float]) -> None:
        joined = " and ".join(f"{axis} ≤ {_plain(limit)}" for axis, limit in limits.items())
        least = ", ".join(f"{axis} to {_no_less_than(least)}" for axis, least in reachable.items())
        super().__init__(
            f"No student keeps {joined} together, though each alone can be kept. With the others "
            f"as they are, raise at least one of them: {least}; or build a library with smaller "
            "candidates."
        )
        self.limits, self.reachable = dict(limits), dict(reachable)


class UnknownCost(StudentSearchError):
    """A limit was set on a cost that is not known of some candidates.

    `axis` is the limit's, `num_unknown` counts the candidates.
    """

    def __init__(self, axis: str, num_unknown: int, first: str) -> None:
        super().__init__(
            f"The {axis} of {num_unknown} candidates, '{first}' first, is not known, so no limit "
            "on it can be kept. Build the library again, or leave this limit out."
        )
        self.axis, self.num_unknown = axis, num_unknown


class EmptyLibrary(StudentSearchError):
    """There is nothing to choose from: no neighbourhood, or one without a candidate."""


class UnsupportedBudget(StudentSearchError):
    """A strategy cannot honour this combination of limits; the message names one that can."""


class NotApplicable(StudentSearchError):
    """A kind has no such candidate for this neighbourhood; the message says why."""


def _plain(value: float) -> str:
    """A limit to be read, without an exponent: never above it, and right to four digits."""
    exact = Decimal(str(value))
    if exact != exact.to_integral_value():
        places = max(4, 3 - exact.adjusted())
        exact = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_FLOOR)
    return f"{exact.normalize():f}"


def _no_less_than(value: float) -> str:
    """A number to be read, at most 0.0001 above a value and never below it."""
    exact = Decimal(str(value))
    return f"{exact.quantize(Decimal('0.0001'), rounding=ROUND_CEILING).normalize():f}"
