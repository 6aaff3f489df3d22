"""What can go wrong in the domain, each with the sentence its reader needs."""

from decimal import ROUND_CEILING, Decimal


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


class UnsupportedBudget(StudentSearchError):
    """A strategy cannot honour this combination of limits; the message names one that can."""


class NotApplicable(StudentSearchError):
    """A kind has no such candidate for this neighbourhood; the message says why."""


def _plain(value: float) -> str:
    """All digits of a number, without an exponent."""
    return f"{Decimal(str(value)).normalize():f}"


def _no_less_than(value: float) -> str:
    """A number to be read, at most 0.0001 above a value and never below it."""
    exact = Decimal(str(value))
    return f"{exact.quantize(Decimal('0.0001'), rounding=ROUND_CEILING).normalize():f}"
