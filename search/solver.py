"""Solver: the best selections of a case, proven, by whichever exact way fits its limits."""

from collections.abc import Sequence
from math import inf

import numpy as np

from search import knapsack
from search.case import Case, Limit
from search.found import Found
from search.table import Numbers


def solve(
    case: Case, values: Numbers, limits: Sequence[Limit], top: int, time_limit_s: float
) -> Found:
    """The `top` selections of least summed `values` over the allowed choices, within `limits`.

    With one limit or none by dynamic programming; with more, or where that would take too long, by
    integer programming, for as long as the time limit lets it.
    """
    finite = [limit for limit in limits if limit.most < inf]
    if len(finite) <= 1:
        try:
            return _by_knapsack(case, values, finite, top)
        except knapsack.TooManySums:
            pass
    return _by_programme(case, values, finite, top, time_limit_s)


def _by_knapsack(case: Case, values: Numbers, limits: Sequence[Limit], top: int) -> Found:
    weights, most = (limits[0].values, limits[0].most) if limits else (np.zeros(len(values)), 0)
    at = np.flatnonzero(case.allowed)
    places = np.split(at, np.flatnonzero(np.diff(case.table.owner[at])) + 1)
    best = knapsack.best([(values[each], weights[each]) for each in places], most, top)
    selections = [
        np.asarray([each[pick] for each, pick in zip(places, picks, strict=True)]) for picks in best
    ]
    return Found(selections, 0.0, True)


def _by_programme(
    case: Case, values: Numbers, limits: Sequence[Limit], top: int, time_limit_s: float
) -> Found:
    from search import exchange, integer  # with scipy's solvers, which few answers need
    from search.programme import Programme, Row

    at = np.flatnonzero(case.allowed)
    rows = tuple(Row(limit.values[at], limit.most) for limit in limits)
    known = [np.searchsorted(at, picks) for picks in exchange.known(case, values, limits, top)]
    programme = Programme(values[at], case.table.owner[at], rows)
    found = integer.best(programme, top, known, time_limit_s)
    return found._replace(selections=[at[picks] for picks in found.selections])
