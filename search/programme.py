"""Programme: choices to be made within limits, and which of them can be among the best.

Not those that as many others of their neighbourhood as are wanted match or beat on everything; and
not those whose bound, by the relaxation's prices of the limits, is above as many selections that
are known already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from search.table import Indices, Numbers, total

SCALE = 1e4
"""What the greatest value becomes, so that the solver's absolute tolerances of 10⁻⁶ are relative
ones of 10⁻¹⁰."""
ROUNDING = 1e-9
"""Of what is compared: far above what rounding does to a bound, far below what matters."""

Mask = NDArray[np.bool_]


class Row(NamedTuple):
    """Of every choice's `values` a selection may sum up to `most`."""

    values: Numbers
    most: float


@dataclass(frozen=True, eq=False)
class Programme:
    """One choice for each number in `owner`, of least summed `values`, within `rows`."""

    values: Numbers
    owner: Indices
    rows: tuple[Row, ...]

    def useful(self, top: int, known: Sequence[Indices], part: float = 1) -> tuple[Mask, float]:
        """The choices that can be in one of the `top` best selections, and a bound for them all.

        With a `part`, only those that are needed if the bound is that much nearer to the best ones.
        """
        useful = self._undominated(top)
        if len(known) < top:
            return useful, sum(min(self.values[at].tolist()) for at in self._parts())
        worst = total(self.values, known[top - 1])
        prices = self._prices(np.flatnonzero(useful))
        priced = self.values + sum(
            (price * row.values for price, row in zip(prices, self.rows, strict=True)),
            start=np.zeros(len(self.values)),
        )
        least = np.full(self.owner.max() + 1, inf)
        np.minimum.at(least, self.owner[useful], priced[useful])
        paid = sum(price * row.most for price, row in zip(prices, self.rows, strict=True))
        bound = float(least.sum()) - paid
        spare = worst - bound + ROUNDING * (abs(worst) + abs(paid) + abs(bound))
        kept: Mask = useful & (priced - least[self.owner] <= part * spare)
        return kept, bound

    def polished(self, picks: Indices) -> Indices:
        """With no choice that another matches or beats on everything."""
        columns = self._columns
        polished = picks.copy()
        for place, at in enumerate(self._parts()):
            beaten = _beaten(columns[at])
            by = np.flatnonzero(beaten[picks[place] - at[0]] & ~beaten.any(axis=1))
            if len(by):
                polished[place] = at[by[0]]
        return polished

    def exchanges(self, picks: Indices) -> list[Indices]:
        """The selections within all limits that differ in one choice, the best first."""
        fits = np.ones(len(self.values), dtype=bool)
        for row in self.rows:
            fits &= total(row.values, picks) + self._added(row.values, picks) <= row.most
        fits[picks] = False
        added = self._added(self.values, picks)
        order = np.flatnonzero(fits)[np.argsort(added[fits], kind="stable")]
        return [self._exchanged(picks, choice) for choice in order.tolist()]

    def keeps(self, picks: Indices) -> bool:
        """Whether a selection is within all limits, to the last unit."""
        return all(total(row.values, picks) <= row.most for row in self.rows)

    def one_each(self, at: Indices) -> csr_array:
        """A row for every neighbourhood, with a one for each of its choices among these."""
        _, places = np.unique(self.owner[at], return_inverse=True)
        return csr_array((np.ones(len(at)), (places, np.arange(len(at)))))

    def scaled(self, at: Indices) -> list[tuple[NDArray[np.float64], float]]:
        """Values and greatest sum of every row, in units for the solver."""
        return [
            (row.values[at] / unit(row.values), row.most / unit(row.values)) for row in self.rows
        ]

    def _added(self, values: Numbers, picks: Indices) -> Numbers:
        added: Numbers = values - values[picks][self.owner]
        return added

    def _exchanged(self, picks: Indices, choice: int) -> Indices:
        exchanged = picks.copy()
        exchanged[self.owner[choice]] = choice
        return exchanged

    def _prices(self, at: Indices) -> list[float]:
        """What a unit of each limit is worth, by the relaxation; any are allowed in a bound."""
        rows = self.scaled(at)
        if not rows:
            return []
        one = unit(self.values)
        result = linprog(
            self.values[at] / one,
            A_ub=np.stack([values for values, _ in rows]),
            b_ub=[most for _, most in rows],
            A_eq=self.one_each(at),
            b_eq=np.ones(self.owner.max() + 1),
            bounds=(0, 1),
        )
        if result.status != 0:
            return [0.0] * len(rows)
        return [
            max(-float(marginal), 0.0) * one / unit(row.values)
            for marginal, row in zip(result.ineqlin.marginals, self.rows, strict=True)
        ]

    def _undominated(self, top: int) -> Mask:
        """Choices that fewer than `top` others match or beat on everything."""
        columns = self._columns
        kept = np.zeros(len(self.values), dtype=bool)
        for at in self._parts():
            kept[at] = _beaten(columns[at]).sum(axis=1) < top
        return kept

    @property
    def _columns(self) -> NDArray[np.float64]:
        return np.stack([self.values, *(row.values for row in self.rows)], axis=1).astype(float)

    def _parts(self) -> list[Indices]:
        """The places of each neighbourhood's choices, which follow each other."""
        starts = np.flatnonzero(np.diff(self.owner)) + 1
        return np.split(np.arange(len(self.owner)), starts)


def _beaten(columns: NDArray[np.float64]) -> Mask:
    """Whether the second choice matches or beats the first; of equal ones the earlier does."""
    no_worse = (columns[None] <= columns[:, None]).all(axis=2)
    better = no_worse & ~no_worse.T
    beaten: Mask = better | (no_worse & np.tri(len(columns), k=-1, dtype=bool))
    return beaten


def unit(values: Numbers) -> float:
    """What is computed with in place of 1."""
    return float(np.abs(values).max()) / SCALE or 1.0
