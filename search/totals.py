"""Totals: what one choice from every neighbourhood comes to, and whether a budget allows it."""

from collections.abc import Sequence
from math import floor

from candidates.candidate import Cost
from search.budget import Axis, Budget, CostAxis
from search.predict import drop_share, predicted_accuracy, predicted_drop
from search.problem import Choice, Problem
from search.selection import Selection

NANOSECONDS = 1_000_000
"""In a millisecond."""


def selection_of(problem: Problem, picks: Sequence[Choice]) -> Selection:
    """The selection that takes `picks`, one from each neighbourhood in order."""
    return Selection(
        choices=tuple(pick.id for pick in picks),
        cost=sum((pick.cost for pick in picks), problem.fixed),
        loss=sum(pick.score.kl.value for pick in picks),
        predicted_accuracy=predicted_accuracy(problem, picks),
    )


def cost_axes(budget: Budget) -> tuple[CostAxis, ...]:
    """The costs that `budget` limits. None: the smallest student within the drop is wanted."""
    return budget.cost_axes


def cost_on(cost: Cost, axis: CostAxis) -> int:
    """One axis of a cost, in whole units."""
    return whole(axis, getattr(cost, axis))


def whole(axis: CostAxis, value: float) -> int:
    """A cost, or a limit on it, in units in which sums and comparisons are exact: a latency in
    nanoseconds, to the nearest; anything else in its own unit.
    """
    return round(value * NANOSECONDS) if axis == "latency_ms" else floor(value)


def share(problem: Problem, choice: Choice, axis: Axis) -> float:
    """What one choice adds to the total on an axis."""
    return drop_share(problem, choice) if axis == "accuracy_drop" else cost_on(choice.cost, axis)


def total(problem: Problem, picks: Sequence[Choice], axis: Axis) -> float:
    """The whole student's cost on an axis, or its predicted drop in points."""
    if axis == "accuracy_drop":
        return predicted_drop(problem, picks).value
    return cost_on(problem.fixed, axis) + sum(cost_on(pick.cost, axis) for pick in picks)


def within(problem: Problem, picks: Sequence[Choice], budget: Budget) -> bool:
    """Whether the student made of `picks` keeps every limit."""
    return all(total(problem, picks, axis) <= limit for axis, limit in budget.limits.items())
