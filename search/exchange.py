"""Exchange: one candidate for another, again and again, as long as that is better.

The cost-aware greedy: from the selection of least value, exchange where most of what exceeds the
limits is saved for each bit of value that is added, until they are kept; then exchange for less
value wherever the limits leave room. All limits count in parts of themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from search.case import Case, Limit
from search.table import Indices, Numbers, total


def best(case: Case, values: Numbers, limits: Sequence[Limit]) -> Indices | None:
    """A selection within `limits` that no single exchange within them makes less in `values`.

    From several starts, the best; None if none leads there, though there may be such selections.
    """
    walk = _Walk(case, values, [limit for limit in limits if limit.most < inf])
    starts = [
        case.table.least(values, case.allowed),
        *(case.smallest(limit.axis) for limit in limits),
    ]
    ends = [end for start in starts if (end := walk.into(start)) is not None]
    return min(ends, key=lambda end: total(values, end), default=None)


def known(case: Case, values: Numbers, limits: Sequence[Limit], top: int) -> list[Indices]:
    """Up to `top` selections within `limits`, the best first: that one and its best exchanges."""
    found = best(case, values, limits)
    if found is None:
        return []
    walk = _Walk(case, values, [limit for limit in limits if limit.most < inf])
    others = walk.exchanges(found)
    return [found, *(walk.exchanged(found, choice) for choice in others[: top - 1].tolist())]


@dataclass(frozen=True, eq=False)
class _Walk:
    case: Case
    values: Numbers
    limits: Sequence[Limit]

    def into(self, start: Indices) -> Indices | None:
        """Into the limits, then down in value; None where no exchange leads further in."""
        picks = start
        while (excess := self._excess(picks)) > 0:
            saved = excess - self._excess_after(picks)
            added = self._added(picks)
            with np.errstate(divide="ignore"):
                worth = np.where(added > 0, saved / np.maximum(added, 1e-300), inf)
            worth[(saved <= 0) | ~self.case.allowed] = -inf
            choice = int(worth.argmax())
            if worth[choice] == -inf:
                return None
            after = self.exchanged(picks, choice)
            if self._excess(after) >= excess:
                return None
            picks = after
        return self._down(picks)

    def exchanges(self, picks: Indices) -> Indices:
        """Choices that keep the limits in the place of those picked, by what they add."""
        added = self._added(picks)
        fits = self.case.allowed & (self._excess_after(picks) <= 0)
        fits[picks] = False
        fitting = np.flatnonzero(fits)
        ordered: Indices = fitting[np.argsort(added[fitting], kind="stable")]
        return ordered

    def exchanged(self, picks: Indices, choice: int) -> Indices:
        """The selection with this choice in its neighbourhood."""
        after = picks.copy()
        after[self.case.table.owner[choice]] = choice
        return after

    def _down(self, picks: Indices) -> Indices:
        while len(order := self.exchanges(picks)):
            after = self.exchanged(picks, int(order[0]))
            if total(self.values, after) >= total(self.values, picks):
                break
            picks = after
        return picks

    def _added(self, picks: Indices) -> NDArray[np.float64]:
        return np.asarray(self.values - self.values[picks][self.case.table.owner], dtype=float)

    def _excess(self, picks: Indices) -> float:
        return sum(
            max(total(limit.values, picks) - limit.most, 0.0) / _unit(limit)
            for limit in self.limits
        )

    def _excess_after(self, picks: Indices) -> NDArray[np.float64]:
        """By choice: what the limits would be exceeded by, were it exchanged."""
        excess = np.zeros(len(self.values))
        owner = self.case.table.owner
        for limit in self.limits:
            sums = total(limit.values, picks) + limit.values - limit.values[picks][owner]
            excess += np.maximum(sums - limit.most, 0) / _unit(limit)
        return excess


def _unit(limit: Limit) -> float:
    return abs(limit.most) or 1.0
