"""Totals: what one choice from every neighbourhood comes to, and whether a budget allows it."""

from collections.abc import Sequence
from typing import Literal, get_args

from candidates.candidate import Cost
from search.budget import Axis, Budget
from search.predict import drop_share, predicted_accuracy, predicted_drop
from search.problem import Choice, Problem
from search.selection import Selection

CostAxis = Literal["parameters", "macs", "bytes"]


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
    return tuple(axis for axis in get_args(CostAxis) if axis in budget.limits)


def cost_on(cost: Cost, axis: CostAxis) -> int:
    """One axis of a cost."""
    value: int = getattr(cost, axis)
    return value


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
