"""Table: the numbers of a problem's choices as arrays, for the strategies that compute."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from candidates.errors import EmptyLibrary
from search.budget import CostAxis
from search.problem import Choice, Problem
from search.totals import cost_on

Indices = NDArray[np.intp]
Numbers = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Table:
    """One entry for every choice, the neighbourhoods one after the other.

    `owner` is the neighbourhood that a choice belongs to, `losses` are in nats, `costs` whole (see
    `totals.whole`), `peaks` the activation_bytes.
    """

    problem: Problem
    choices: tuple[Choice, ...]
    owner: Indices
    losses: NDArray[np.float64]
    costs: dict[CostAxis, NDArray[np.int64]]
    peaks: NDArray[np.int64]

    @property
    def num_neighbourhoods(self) -> int:
        """How many choices a selection takes."""
        return len(self.problem.neighbourhoods)

    def picks(self, indices: Sequence[int] | Indices) -> tuple[Choice, ...]:
        """The choices at these places, one of each neighbourhood."""
        return tuple(self.choices[index] for index in indices)

    def indices(self, picks: Sequence[Choice]) -> Indices:
        """The places of these choices."""
        return np.asarray([self._places[pick.id] for pick in picks], dtype=np.intp)

    def least(self, values: Numbers, allowed: NDArray[np.bool_]) -> Indices:
        """For each neighbourhood the allowed choice of least value; of equal ones the first."""
        order = np.flatnonzero(allowed)
        order = order[np.lexsort((values[order], self.owner[order]))]
        firsts: Indices = order[np.unique(self.owner[order], return_index=True)[1]]
        return firsts

    @cached_property
    def _places(self) -> dict[str, int]:
        return {choice.id: place for place, choice in enumerate(self.choices)}


@lru_cache(maxsize=16)
def table(problem: Problem) -> Table:
    """Remembered for the latest problems; to be asked only with one that `check` lets pass."""
    choices = tuple(choice for each in problem.neighbourhoods for choice in each)
    sizes = [len(each) for each in problem.neighbourhoods]
    return Table(
        problem=problem,
        choices=choices,
        owner=np.repeat(np.arange(len(sizes)), sizes),
        losses=np.asarray([loss for each in problem.losses for loss in each]),
        costs={
            axis: np.asarray([cost_on(choice.cost, axis) for choice in choices], dtype=np.int64)
            for axis in get_args(CostAxis)
        },
        peaks=np.asarray([choice.cost.activation_bytes for choice in choices], dtype=np.int64),
    )


def check(problem: Problem) -> None:
    """Raises EmptyLibrary where there is no selection, or only the teacher."""
    if not problem.neighbourhoods:
        raise EmptyLibrary(
            "The library has no neighbourhoods, so its only student would be the teacher itself. "
            "Build one with a granularity that splits the teacher."
        )
    for place, choices in enumerate(problem.neighbourhoods):
        if not choices:
            raise EmptyLibrary(
                f"The library has no candidate for neighbourhood {place} (counted from 0). "
                "Build it again with kinds that apply there."
            )


def total(values: Numbers, indices: Indices) -> float:
    """Summed from input to output, as everywhere, so that equal selections have equal sums."""
    result: float = sum(values[indices].tolist())
    return result
