"""Integer programming: the best selections within several limits, by HiGHS through scipy.

One binary variable for every choice that can be among the best, one of each neighbourhood set.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from search.found import Found
from search.programme import Mask, Programme, unit
from search.quiet import quiet
from search.table import Indices, total

LEAST_SECONDS = 1e-3
BOLDNESS = 1 / 8
"""The part of the gap between bound and known selections that is looked through first."""


def best(programme: Programme, top: int, known: Sequence[Indices], time_limit_s: float) -> Found:
    """The `top` best; `known` are selections within the limits, which save time.

    When time runs out, those that were found, the first at least as good as all known ones.
    """
    solver = _Solver(programme, time.monotonic() + time_limit_s)
    ranked = solver.ranked([*known, *solver.boldly(known)])
    useful, bound = programme.useful(1, ranked)
    first = solver.next_best(useful, [])
    if not first.proven:
        ranked = solver.ranked([*([] if first.picks is None else [first.picks]), *ranked])[:1]
        return Found(ranked, solver.gap(ranked, max(first.bound, bound)), False)
    if first.picks is None:
        return Found([], 0.0, True)
    found = [programme.polished(first.picks)]
    if top > 1:
        useful, _ = programme.useful(top, [*found, *programme.exchanges(found[0])[: top - 1]])
    while len(found) < top:
        following = solver.next_best(useful, found)
        if following.picks is None or not following.proven:
            break
        found.append(following.picks)
    return Found(found, 0.0, True)


class _Solved(NamedTuple):
    """`picks` None with `proven`: there is no selection. `bound` is below all selections."""

    picks: Indices | None
    proven: bool
    bound: float


@dataclass(frozen=True, eq=False)
class _Solver:
    programme: Programme
    until: float

    def ranked(self, selections: Sequence[Indices]) -> list[Indices]:
        """The best first."""
        return sorted(selections, key=lambda picks: total(self.programme.values, picks))

    def boldly(self, known: Sequence[Indices]) -> list[Indices]:
        """A selection that probably is about the best, if the known ones lead to one."""
        if not known:
            return []
        useful, _ = self.programme.useful(1, self.ranked(known), BOLDNESS)
        found = self.next_best(useful, [])
        return [] if found.picks is None else [found.picks]

    def next_best(self, useful: Mask, without: Sequence[Indices]) -> _Solved:
        """Of the useful choices, and not among those; what the solver's tolerances let pass is
        made good for.
        """
        excluded = list(without)
        while True:
            solved = self._solve(useful, excluded)
            if solved.picks is None or self.programme.keeps(solved.picks):
                return solved
            if time.monotonic() > self.until:
                return _Solved(None, False, solved.bound)
            excluded.append(solved.picks)

    def gap(self, ranked: Sequence[Indices], bound: float) -> float | None:
        """Of the best one, if there is one."""
        if not ranked:
            return None
        value = total(self.programme.values, ranked[0])
        return max((value - bound) / value, 0.0) if value else 0.0

    def _solve(self, useful: Mask, without: Sequence[Indices]) -> _Solved:
        values, at = self.programme.values, np.flatnonzero(useful)
        seconds = max(self.until - time.monotonic(), LEAST_SECONDS)
        with quiet():
            result = milp(
                values[at] / unit(values),
                integrality=np.ones(len(at)),
                bounds=Bounds(0, 1),
                constraints=[*self._constraints(at), *_cuts(at, without)],
                options={"mip_rel_gap": 0, "time_limit": seconds},
            )
        proven = result.status in (0, 2)
        bound = -inf if result.mip_dual_bound is None else result.mip_dual_bound * unit(values)
        if result.x is None:
            return _Solved(None, proven, bound)
        picks = at[result.x > 0.5]
        return _Solved(picks[np.argsort(self.programme.owner[picks])], proven, bound)

    def _constraints(self, at: Indices) -> list[LinearConstraint]:
        one_each = LinearConstraint(self.programme.one_each(at), 1, 1)
        rows = self.programme.scaled(at)
        return [one_each, *(LinearConstraint(values[None], ub=most) for values, most in rows)]


def _cuts(at: Indices, without: Sequence[Indices]) -> list[LinearConstraint]:
    return [
        LinearConstraint(np.isin(at, picks).astype(float)[None], ub=len(picks) - 1)
        for picks in without
    ]
