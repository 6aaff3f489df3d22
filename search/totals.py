"""Totals: what one choice from every neighbourhood comes to."""

from collections.abc import Sequence
from math import floor

from candidates.candidate import Cost
from search.budget import CostAxis
from search.problem import Choice, Problem
from search.selection import Selection

NANOSECONDS = 1_000_000
"""In a millisecond."""


def selection_of(problem: Problem, picks: Sequence[Choice]) -> Selection:
    """The selection that takes `picks`, one from each neighbourhood in order."""
    loss = problem.loss(picks)
    return Selection(
        choices=tuple(pick.id for pick in picks),
        cost=cost_of(problem, picks),
        loss=loss,
        predicted_accuracy=problem.predictor.accuracy(loss),
    )


def cost_of(problem: Problem, picks: Sequence[Choice]) -> Cost:
    """What the student made of `picks` costs; its latency to the nanosecond, so that it keeps a
    limit of just as much.
    """
    costs = (problem.fixed, *(pick.cost for pick in picks))
    nanoseconds = sum(cost_on(each, "latency_ms") for each in costs)
    cost = sum(costs[1:], costs[0])
    return cost.model_copy(update={"latency_ms": nanoseconds / NANOSECONDS})


def cost_on(cost: Cost, axis: CostAxis) -> int:
    """One axis of a cost, in whole units."""
    return whole(axis, getattr(cost, axis))


def whole(axis: CostAxis, value: float) -> int:
    """A cost, or a limit on it, in units in which sums and comparisons are exact: a latency in
    nanoseconds, to the nearest; anything else in its own unit.
    """
    return round(value * NANOSECONDS) if axis == "latency_ms" else floor(value)
