"""Case: a problem under a budget, in numbers."""

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Literal, NamedTuple, cast, get_args

import numpy as np
from numpy.typing import NDArray

from candidates.errors import InfeasibleBudget, UnknownCost
from search.budget import Axis, Budget, CostAxis
from search.problem import Choice, Problem
from search.table import Indices, Numbers, Table, check, table, total
from search.totals import NANOSECONDS, cost_on, whole

ROUNDING = 1e-12
"""By so much of itself a limit on the drop may give way, so that a drop that was told is kept."""

Objective = Literal["loss"] | CostAxis


class Limit(NamedTuple):
    """Of every choice's `values` a selection may sum up to `most`; both in whole units, or nats."""

    axis: Axis
    values: Numbers
    most: float


@dataclass(frozen=True, eq=False)
class Case:
    """What is to be made small, over the choices whose peak of activations is `allowed`.

    The accuracy drop rises with the summed loss, so its limit is one on that sum.
    """

    table: Table
    budget: Budget
    allowed: NDArray[np.bool_]
    limits: tuple[Limit, ...]
    objective: Objective

    @classmethod
    def of(cls, problem: Problem, budget: Budget) -> "Case":
        """Raises EmptyLibrary, UnknownCost, or InfeasibleBudget for a limit that not even the
        smallest student keeps. Limits are looked at one by one, so that is no promise of a
        selection that keeps them all; `conflict` tells.
        """
        check(problem)
        found = table(problem)
        _check_latencies(found, budget)
        allowed = _allowed(found, budget)
        limits = tuple(
            _limit(found, axis, value)
            for axis, value in budget.limits.items()
            if axis != "activation_bytes"
        )
        case = cls(found, budget, allowed, limits, _objective(budget))
        for limit in limits:
            case._check_alone(limit)
        return case

    @property
    def problem(self) -> Problem:
        """With all its choices, allowed or not."""
        return self.table.problem

    @property
    def is_open(self) -> bool:
        """Whether every neighbourhood has an allowed choice."""
        return len(np.unique(self.table.owner[self.allowed])) == self.table.num_neighbourhoods

    @cached_property
    def values(self) -> Numbers:
        """What each choice adds to what is made small."""
        if self.objective == "loss":
            return self.table.losses
        return self.table.costs[self.objective]

    @cached_property
    def neighbourhoods(self) -> tuple[tuple[Choice, ...], ...]:
        """The allowed choices."""
        kept = self.allowed.tolist()
        wanted: list[list[Choice]] = [[] for _ in self.problem.neighbourhoods]
        for owner, choice, keep in zip(self.table.owner, self.table.choices, kept, strict=True):
            if keep:
                wanted[owner].append(choice)
        return tuple(map(tuple, wanted))

    def keeps(self, indices: Indices) -> bool:
        """Whether the selection of these choices keeps every limit."""
        return bool(self.allowed[indices].all()) and all(
            total(limit.values, indices) <= limit.most for limit in self.limits
        )

    def smallest(self, axis: Axis) -> Indices:
        """The cheapest allowed choice of every neighbourhood, of equal ones that of least loss."""
        values: Numbers = self.table.losses
        if axis in get_args(CostAxis):
            values = self._ranked(self.table.costs[cast(CostAxis, axis)])
        return self.table.least(values, self.allowed)

    def worth(self, limit: Limit, value: float) -> float:
        """A sum of a limit's values as what the whole student has, in the axis's own unit."""
        if limit.axis == "accuracy_drop":
            return self.problem.predictor.drop(value).value
        return own(limit.axis, value + cost_on(self.problem.fixed, cast(CostAxis, limit.axis)))

    def _ranked(self, values: Numbers) -> Indices:
        rank = np.empty(len(values), dtype=np.intp)
        rank[np.lexsort((self.table.losses, values))] = np.arange(len(values))
        return rank

    def _check_alone(self, limit: Limit) -> None:
        everything = np.ones(len(self.allowed), dtype=bool)
        least = total(limit.values, self.table.least(limit.values, everything))
        if least > limit.most:
            asked = self.budget.limits[limit.axis]
            raise InfeasibleBudget(limit.axis, asked, self.worth(limit, least))


def own(axis: Axis, value: float) -> float:
    """A whole number of units in the axis's own."""
    return value / NANOSECONDS if axis == "latency_ms" else value


def _objective(budget: Budget) -> Objective:
    if budget.accuracy_drop is not None and not budget.cost_axes:
        return budget.minimise
    return "loss"


def _limit(found: Table, axis: Axis, value: float) -> Limit:
    if axis == "accuracy_drop":
        largest = found.problem.predictor.largest_loss(value)
        return Limit(axis, found.losses, largest * (1 + ROUNDING))
    cost = cast(CostAxis, axis)
    fixed = cost_on(found.problem.fixed, cost)
    return Limit(axis, found.costs[cost], whole(cost, value) - fixed)


def _check_latencies(found: Table, budget: Budget) -> None:
    timed = budget.latency_ms is not None or budget.minimise == "latency_ms"
    if timed and not (found.problem.fixed.latency_ms or found.costs["latency_ms"].any()):
        raise UnknownCost("latency_ms", len(found.choices), found.choices[0].id)


def _allowed(found: Table, budget: Budget) -> NDArray[np.bool_]:
    limit = budget.limits.get("activation_bytes", inf)
    if limit == inf:
        return np.ones(len(found.choices), dtype=bool)
    unknown = np.flatnonzero(found.peaks == 0)
    if len(unknown):
        raise UnknownCost("activation_bytes", len(unknown), found.choices[unknown[0]].id)
    everywhere = np.ones(len(found.choices), dtype=bool)
    lowest = int(found.peaks[found.least(found.peaks, everywhere)].max())
    smallest = max(lowest, found.problem.fixed.activation_bytes)
    if smallest > limit:
        raise InfeasibleBudget("activation_bytes", limit, smallest)
    kept: NDArray[np.bool_] = found.peaks <= limit
    return kept
