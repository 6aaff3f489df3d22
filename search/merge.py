"""Merge: the undominated sums of one choice from every neighbourhood, exactly.

Dynamic programming over the neighbourhoods: every state that survived so far is combined with
every choice of the next neighbourhood, and a combination that costs no less and loses no less
than another is dropped. Costs stay integers; dropping is exact in floating point too, because
rounded addition keeps the order of its operands. Before that, what the relaxation proves to lead
nowhere is dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.relaxation import Costs, Curve, Losses, Relaxation, corners

Indices = NDArray[np.integer]


class Merged(NamedTuple):
    """Undominated states, costs strictly ascending and losses strictly descending.

    `back` holds, for each neighbourhood and each state after it, the state before it and the
    choice taken.
    """

    costs: Costs
    losses: Losses
    back: tuple[tuple[Indices, Indices], ...]

    def only(self, states: list[int]) -> "Merged":
        """Some of the states, by their indices, which ascend."""
        *before, (parents, taken) = self.back
        last = (parents[states], taken[states])
        return Merged(self.costs[states], self.losses[states], (*before, last))


@dataclass(frozen=True)
class Merger:
    """The undominated choices of every neighbourhood, ready to merge.

    `kept` tells which of the choices given they are. Integer costs are those above the
    neighbourhoods' least, which make up `least`.
    """

    parts: tuple[Curve, ...]
    kept: tuple[Indices, ...]
    least: float
    relaxation: Relaxation

    @classmethod
    def of(cls, given: Sequence[Curve]) -> "Merger":
        """Of neighbourhoods' costs and losses, the choices in any order."""
        kept = tuple(undominated(*part) for part in given)
        leasts = [costs.min() if costs.dtype.kind == "i" else 0 for costs, _ in given]
        parts = tuple(
            (costs[at] - least, losses[at])
            for (costs, losses), at, least in zip(given, kept, leasts, strict=True)
        )
        return cls(parts, kept, sum(leasts), Relaxation.of(parts))

    def whole(self, most: int) -> Merged | None:
        """All undominated states, unless on the way there are more than `most`."""
        return self._merged(self.relaxation, most)

    def corners(self) -> Merged:
        """Those at the corners of the convex hull alone; equally undominated, and never many."""
        found = self._surely(self.relaxation.tight())
        return found.only(corners(found.costs, found.losses))

    def near_cost(self, limit: float) -> Merged:
        """Among others the state of least loss whose cost is at most `limit`, if any is."""
        return self._surely(self.relaxation.near_cost(limit - self.least))

    def _surely(self, relaxation: Relaxation) -> Merged:
        found = self._merged(relaxation, None)
        assert found is not None, "nothing limits the number of states"
        return found

    def _merged(self, relaxation: Relaxation, most: int | None) -> Merged | None:
        costs: Costs = np.zeros(1, dtype=self.parts[0][0].dtype)
        losses: Losses = np.zeros(1)
        back = []
        for place, (part, kept) in enumerate(zip(self.parts, self.kept, strict=True)):
            all_costs = np.add.outer(part[0], costs).ravel()
            all_losses = np.add.outer(part[1], losses).ravel()
            ceiling = relaxation.ceiling(place, all_costs[-1])
            useful = np.flatnonzero(all_losses <= np.interp(all_costs, *ceiling))
            useful = useful[undominated(all_costs[useful], all_losses[useful])]
            if most is not None and len(useful) > most:
                return None
            taken, before = np.divmod(useful, len(costs))
            costs, losses = all_costs[useful], all_losses[useful]
            back.append((before.astype(np.int32), kept[taken].astype(np.int32)))
        whole = np.asarray(costs + self.least)
        return Merged(whole, losses, tuple(back))


def undominated(costs: Costs, losses: Losses) -> Indices:
    """Indices by ascending cost; of equal states the first. Quick where costs ascend in runs."""
    order = np.argsort(costs, kind="stable")
    ordered = losses[order]
    best_before = np.minimum.accumulate(ordered)[:-1]
    order = order[np.concatenate(([True], ordered[1:] < best_before))]
    found: Indices = order[np.append(np.diff(costs[order]) > 0, True)]
    return found
