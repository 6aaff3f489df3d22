"""Integer programming: the best selections within several limits, by HiGHS through scipy.

One binary variable for every choice, one of each neighbourhood set. Before it is asked, choices go
that can be in no answer: those that as many others of their neighbourhood as are wanted match or
beat on everything, and those whose bound, by the relaxation's prices of the limits, is above as
many selections that are known already.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from search.found import Found
from search.table import Indices, Numbers, total

SCALE = 1e4
"""What the greatest sum becomes, so that the solver's absolute tolerances of 10⁻⁶ are relative ones
of 10⁻¹⁰."""
ROUNDING = 1e-9
"""Of what is compared: far above what rounding does to a bound, far below what matters."""
LEAST_SECONDS = 1e-3

Mask = NDArray[np.bool_]


class Row(NamedTuple):
    """Of every choice's `values` a selection may sum up to `most`."""

    values: Numbers
    most: float


class _Solved(NamedTuple):
    """`picks` None with `proven`: there is no selection. `bound` is below all selections."""

    picks: Indices | None
    proven: bool
    bound: float


@dataclass(frozen=True, eq=False)
class Programme:
    """Minimise the sum of `values` over choices, one for each number in `owner`, within `rows`."""

    values: Numbers
    owner: Indices
    rows: tuple[Row, ...]

    def best(self, top: int, known: Sequence[Indices], time_limit_s: float) -> Found:
        """The `top` best; `known` are selections within the limits, which save time.

        When time runs out, those that were found, the first at least as good as all known ones.
        """
        until = time.monotonic() + time_limit_s
        ranked = sorted(known, key=lambda picks: total(self.values, picks))
        useful, bound = self._useful(1, ranked)
        first = self._next(useful, [], until)
        if not first.proven:
            ranked = [*([] if first.picks is None else [first.picks]), *ranked]
            ranked.sort(key=lambda picks: total(self.values, picks))
            return Found(ranked[:1], self._gap(ranked[:1], max(first.bound, bound)), False)
        if first.picks is None:
            return Found([], 0.0, True)
        found = [self._polished(first.picks)]
        if top > 1:
            useful, _ = self._useful(top, [*found, *self._exchanges(found[0])[: top - 1]])
        while len(found) < top:
            following = self._next(useful, found, until)
            if following.picks is None or not following.proven:
                break
            found.append(following.picks)
        return Found(found, 0.0, True)

    def keeps(self, picks: Indices) -> bool:
        """Whether a selection is within all limits, to the last unit."""
        return all(total(row.values, picks) <= row.most for row in self.rows)

    def _next(self, useful: Mask, without: Sequence[Indices], until: float) -> _Solved:
        """The best selection that is not among those; the solver's tolerances are made good for."""
        excluded = list(without)
        while True:
            solved = self._solve(useful, excluded, max(until - time.monotonic(), LEAST_SECONDS))
            if solved.picks is None or self.keeps(solved.picks):
                return solved
            if time.monotonic() > until:
                return _Solved(None, False, solved.bound)
            excluded.append(solved.picks)

    def _solve(self, useful: Mask, without: Sequence[Indices], seconds: float) -> _Solved:
        at = np.flatnonzero(useful)
        unit = _unit(self.values)
        result = milp(
            self.values[at] / unit,
            integrality=np.ones(len(at)),
            bounds=Bounds(0, 1),
            constraints=[*self._constraints(at), *_cuts(at, without)],
            options={"mip_rel_gap": 0, "time_limit": seconds},
        )
        proven = result.status in (0, 2)
        bound = -inf if result.mip_dual_bound is None else result.mip_dual_bound * unit
        if result.x is None:
            return _Solved(None, proven, bound)
        picks = at[result.x > 0.5]
        return _Solved(picks[np.argsort(self.owner[picks])], proven, bound)

    def _constraints(self, at: Indices) -> list[LinearConstraint]:
        one_each = LinearConstraint(self._one_each(at), 1, 1)
        return [
            one_each,
            *(LinearConstraint(values[None], ub=most) for values, most in self._scaled(at)),
        ]

    def _one_each(self, at: Indices) -> csr_array:
        _, places = np.unique(self.owner[at], return_inverse=True)
        return csr_array((np.ones(len(at)), (places, np.arange(len(at)))))

    def _scaled(self, at: Indices) -> list[tuple[NDArray[np.float64], float]]:
        return [
            (row.values[at] / _unit(row.values), row.most / _unit(row.values))
            for row in self.rows
            if row.most < inf
        ]

    def _exchanges(self, picks: Indices) -> list[Indices]:
        """The selections within all limits that differ in one choice, the best first."""
        fits = np.ones(len(self.values), dtype=bool)
        for row in self.rows:
            fits &= total(row.values, picks) + self._added(row.values, picks) <= row.most
        fits[picks] = False
        added = self._added(self.values, picks)
        order = np.flatnonzero(fits)[np.argsort(added[fits], kind="stable")]
        return [self._exchanged(picks, choice) for choice in order.tolist()]

    def _added(self, values: Numbers, picks: Indices) -> Numbers:
        added: Numbers = values - values[picks][self.owner]
        return added

    def _exchanged(self, picks: Indices, choice: int) -> Indices:
        exchanged = picks.copy()
        exchanged[self.owner[choice]] = choice
        return exchanged

    def _useful(self, top: int, known: Sequence[Indices]) -> tuple[Mask, float]:
        """The choices that can be in one of the `top` best selections, and a bound for them all."""
        useful = self._undominated(top)
        if len(known) < top:
            return useful, sum(min(self.values[at].tolist()) for at in self._parts())
        worst = total(self.values, known[top - 1])
        prices = self._prices(np.flatnonzero(useful))
        priced = self.values + sum(
            (price * row.values for price, row in zip(prices, self._finite, strict=True)),
            start=np.zeros(len(self.values)),
        )
        least = np.full(self.owner.max() + 1, inf)
        np.minimum.at(least, self.owner[useful], priced[useful])
        paid = sum(price * row.most for price, row in zip(prices, self._finite, strict=True))
        bound = float(least.sum()) - paid
        spare = worst - bound + ROUNDING * (abs(worst) + abs(paid) + abs(bound))
        kept: Mask = useful & (priced - least[self.owner] <= spare)
        return kept, bound

    @property
    def _finite(self) -> list[Row]:
        return [row for row in self.rows if row.most < inf]

    def _prices(self, at: Indices) -> list[float]:
        """What a unit of each limit is worth, by the relaxation; any are allowed in a bound."""
        rows = self._scaled(at)
        if not rows:
            return []
        unit = _unit(self.values)
        result = linprog(
            self.values[at] / unit,
            A_ub=np.stack([values for values, _ in rows]),
            b_ub=[most for _, most in rows],
            A_eq=self._one_each(at),
            b_eq=np.ones(self.owner.max() + 1),
            bounds=(0, 1),
        )
        if result.status != 0:
            return [0.0] * len(rows)
        return [
            max(-float(marginal), 0.0) * unit / _unit(row.values)
            for marginal, row in zip(result.ineqlin.marginals, self._finite, strict=True)
        ]

    def _undominated(self, top: int) -> Mask:
        """Choices that fewer than `top` others match or beat on everything."""
        columns = self._columns
        kept = np.zeros(len(self.values), dtype=bool)
        for at in self._parts():
            kept[at] = _beaten(columns[at]).sum(axis=1) < top
        return kept

    def _polished(self, picks: Indices) -> Indices:
        """With no choice that another matches or beats on everything."""
        columns = self._columns
        polished = picks.copy()
        for place, at in enumerate(self._parts()):
            beaten = _beaten(columns[at])
            by = np.flatnonzero(beaten[picks[place] - at[0]] & ~beaten.any(axis=1))
            if len(by):
                polished[place] = at[by[0]]
        return polished

    @property
    def _columns(self) -> NDArray[np.float64]:
        return np.stack([self.values, *(row.values for row in self.rows)], axis=1).astype(float)

    def _parts(self) -> list[Indices]:
        """The places of each neighbourhood's choices, which follow each other."""
        starts = np.flatnonzero(np.diff(self.owner)) + 1
        return np.split(np.arange(len(self.owner)), starts)

    def _gap(self, picks: Sequence[Indices], bound: float) -> float | None:
        if not picks:
            return None
        value = total(self.values, picks[0])
        return max((value - bound) / value, 0.0) if value else 0.0


def _beaten(columns: NDArray[np.float64]) -> Mask:
    """Whether the second choice matches or beats the first; of equal ones the earlier does."""
    no_worse = (columns[None] <= columns[:, None]).all(axis=2)
    better = no_worse & ~no_worse.T
    beaten: Mask = better | (no_worse & np.tri(len(columns), k=-1, dtype=bool))
    return beaten


def _unit(values: Numbers) -> float:
    return float(np.abs(values).max()) / SCALE or 1.0


def _cuts(at: Indices, without: Sequence[Indices]) -> list[LinearConstraint]:
    return [
        LinearConstraint(np.isin(at, picks).astype(float)[None], ub=len(picks) - 1)
        for picks in without
    ]
