"""Trade-off: the exact set of undominated selections on one cost axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from candidates.errors import InfeasibleBudget
from search.budget import CostAxis
from search.merge import Indices, Merged, Merger
from search.problem import Choice, Problem
from search.relaxation import Costs, Curve
from search.selection import Selection
from search.thinning import evenly
from search.totals import cost_on, selection_of

Picks = tuple[Choice, ...]

MOST = 50_000
"""Undominated selections that are listed, in less than a second; a library of many neighbourhoods
with many costs may have far more."""
NUM_TOLD = 256


@dataclass(frozen=True)
class TradeOff:
    """Undominated selections, by strictly ascending cost and strictly descending loss.

    Where there are more than `MOST`, `is_complete` is False and only those at the corners of the
    curve's convex hull are listed; what is best within a limit is exact all the same.
    """

    problem: Problem
    axis: CostAxis
    merger: Merger
    merged: Merged
    is_complete: bool

    @property
    def costs(self) -> Costs:
        """The whole students'."""
        return self.merged.costs + cost_on(self.problem.fixed, self.axis)

    @property
    def losses(self) -> NDArray[np.float64]:
        """What was minimised."""
        return self.merged.losses

    def __len__(self) -> int:
        return len(self.merged.costs)

    def best_within(self, limit: float) -> Picks:
        """The choices of least loss whose cost keeps `limit`; InfeasibleBudget if none does."""
        smallest = float(self.costs[0])
        if limit < smallest:
            raise InfeasibleBudget(self.axis, limit, smallest)
        fixed = cost_on(self.problem.fixed, self.axis)
        merged = self.merged if self.is_complete else self.merger.near_cost(limit - fixed)
        index = int(np.searchsorted(merged.costs + fixed, limit, side="right")) - 1
        return self._picks(merged, [index])[0]

    def picks(self, states: Sequence[int]) -> list[Picks]:
        """The choices that led to each of the states that are listed."""
        return self._picks(self.merged, states)

    def _picks(self, merged: Merged, states: Sequence[int]) -> list[Picks]:
        at: Indices = np.asarray(states, dtype=np.intp)
        columns = []
        for choices, (parents, taken) in zip(
            reversed(self.problem.neighbourhoods), reversed(merged.back), strict=True
        ):
            columns.append([choices[index] for index in taken[at].tolist()])
            at = parents[at]
        return list(zip(*reversed(columns), strict=True))


def curve(
    problem: Problem, axis: CostAxis = "parameters", most: int | None = None
) -> tuple[Selection, ...]:
    """The undominated selections (cost against loss), by ascending cost.

    With `most`, at most so many of them, evenly spread along the curve and with both ends.
    """
    found = trade_off(problem, axis)
    states = evenly(found.costs, _drops(problem, found.losses), most or len(found))
    return tuple(selection_of(problem, picks) for picks in found.picks(states))


@lru_cache(maxsize=16)
def trade_off(problem: Problem, axis: CostAxis) -> TradeOff:
    """Remembered for the latest problems."""
    merger = Merger.of(
        [
            _part(choices, losses, axis)
            for choices, losses in zip(problem.neighbourhoods, problem.losses, strict=True)
        ]
    )
    whole = merger.whole(MOST)
    return TradeOff(problem, axis, merger, whole or merger.corners(), whole is not None)


def _drops(problem: Problem, losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Predicted drops, nearly: told for some losses, and between them by straight lines."""
    told = np.linspace(losses.min(), losses.max(), NUM_TOLD)
    return np.interp(losses, told, [problem.predictor.drop(each).value for each in told.tolist()])


def _part(choices: Sequence[Choice], losses: Sequence[float], axis: CostAxis) -> Curve:
    return np.asarray([cost_on(choice.cost, axis) for choice in choices]), np.asarray(losses)
