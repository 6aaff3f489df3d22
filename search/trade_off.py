"""Trade-off: the exact set of undominated selections on one cost axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from candidates.errors import InfeasibleBudget
from search.budget import Axis
from search.merge import Indices, merge
from search.problem import Choice, Problem
from search.relaxation import Curve
from search.selection import Selection
from search.totals import CostAxis, cost_on, selection_of, share

Loss = Literal["kl"] | Axis


@dataclass(frozen=True)
class TradeOff:
    """Undominated states, costs strictly ascending and losses strictly descending.

    `costs` are the whole student's. `back` holds, for each neighbourhood and each state after
    it, the state before it and the choice taken.
    """

    problem: Problem
    axis: CostAxis
    costs: NDArray[np.int64]
    losses: NDArray[np.float64]
    back: tuple[tuple[Indices, Indices], ...]

    def __len__(self) -> int:
        return len(self.costs)

    def best_within(self, limit: float) -> tuple[Choice, ...]:
        """The choices of least loss whose cost keeps `limit`; InfeasibleBudget if none does."""
        index = int(np.searchsorted(self.costs, limit, side="right")) - 1
        if index < 0:
            raise InfeasibleBudget(self.axis, limit, float(self.costs[0]))
        return self.picks([index])[0]

    def cheapest_within(self, loss: float) -> tuple[Choice, ...] | None:
        """The choices of least cost whose loss is at most `loss`, if there are any."""
        fitting = np.flatnonzero(self.losses <= loss)
        return self.picks([int(fitting[0])])[0] if len(fitting) else None

    def picks(self, states: Sequence[int]) -> list[tuple[Choice, ...]]:
        """The choices that led to each of the states."""
        at = np.asarray(states, dtype=np.intp)
        columns = []
        for choices, (parents, taken) in zip(
            reversed(self.problem.neighbourhoods), reversed(self.back), strict=True
        ):
            columns.append([choices[index] for index in taken[at].tolist()])
            at = parents[at]
        return list(zip(*reversed(columns), strict=True))


def curve(
    problem: Problem, axis: CostAxis = "parameters", most: int | None = None
) -> tuple[Selection, ...]:
    """The undominated selections (cost against KL), by ascending cost.

    With `most`, at most so many of them, evenly spread and with both ends.
    """
    found = trade_off(problem, axis)
    num_points = len(found) if most is None else min(most, len(found))
    states = np.unique(np.linspace(0, len(found) - 1, num_points).round().astype(int)).tolist()
    return tuple(selection_of(problem, picks) for picks in found.picks(states))


@lru_cache(maxsize=16)
def trade_off(problem: Problem, axis: CostAxis, loss: Loss = "kl") -> TradeOff:
    """Merges the neighbourhoods one after the other; remembered for the latest problems."""
    found = merge([_part(problem, choices, axis, loss) for choices in problem.neighbourhoods])
    costs = found.costs + cost_on(problem.fixed, axis)
    return TradeOff(problem, axis, costs, found.losses, found.back)


def _part(problem: Problem, choices: Sequence[Choice], axis: CostAxis, loss: Loss) -> Curve:
    costs = np.asarray([cost_on(choice.cost, axis) for choice in choices], dtype=np.int64)
    return costs, np.asarray([_loss_of(problem, choice, loss) for choice in choices])


def _loss_of(problem: Problem, choice: Choice, loss: Loss) -> float:
    return choice.score.kl.value if loss == "kl" else share(problem, choice, loss)
