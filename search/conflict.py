"""Conflict: which limits contradict each other, and how far they are apart."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from candidates.errors import ContradictoryBudget, StudentSearchError, UnsupportedBudget
from search.budget import Axis
from search.case import Case
from search.found import Found
from search.solver import solve
from search.table import Numbers, total


class _OutOfTime(Exception):
    """Whether limits contradict each other was not found out."""


def explain(case: Case, time_limit_s: float, advice: str) -> StudentSearchError:
    """Why a strategy found nothing that keeps all limits: ContradictoryBudget where there is
    nothing, else, or where that could not be told in time, UnsupportedBudget with this advice.
    """
    axes = tuple(case.budget.limits)
    try:
        if not _keeps(case, axes, time_limit_s):
            return _contradiction(case, axes, time_limit_s)
    except _OutOfTime:
        pass
    return UnsupportedBudget(advice)


def _contradiction(case: Case, axes: Sequence[Axis], time_limit_s: float) -> ContradictoryBudget:
    """Limits are left out one after the other where the rest contradicts itself without them."""
    needed = tuple(axes)
    for axis in axes:
        rest = _without(needed, axis)
        if not _keeps(case, rest, time_limit_s):
            needed = rest
    return ContradictoryBudget(
        {axis: case.budget.limits[axis] for axis in needed},
        {axis: _least(case, axis, _without(needed, axis), time_limit_s) for axis in needed},
    )


def _least(case: Case, axis: Axis, others: Sequence[Axis], time_limit_s: float) -> float:
    """What the axis of a whole student is at least when the other limits are kept."""
    if axis == "activation_bytes":
        return _least_peak(case, others, time_limit_s)
    limit = next(limit for limit in case.limits if limit.axis == axis)
    found = _solve(_only(case, others), limit.values, time_limit_s)
    return case.worth(limit, total(limit.values, found.selections[0]))


def _least_peak(case: Case, others: Sequence[Axis], time_limit_s: float) -> float:
    """By halving, as every higher peak allows more choices."""
    peaks = np.unique(case.table.peaks)
    low, high = 0, len(peaks) - 1
    while low < high:
        middle = (low + high) // 2
        tried = replace(_only(case, others), allowed=case.table.peaks <= peaks[middle])
        if _found(tried, time_limit_s):
            high = middle
        else:
            low = middle + 1
    return float(max(peaks[low], case.problem.fixed.activation_bytes))


def _keeps(case: Case, axes: Sequence[Axis], time_limit_s: float) -> bool:
    return _found(_only(case, axes), time_limit_s)


def _found(case: Case, time_limit_s: float) -> bool:
    return case.is_open and bool(_solve(case, case.table.losses, time_limit_s).selections)


def _solve(case: Case, values: Numbers, time_limit_s: float) -> Found:
    found = solve(case, values, case.limits, 1, time_limit_s)
    if not found.proven:
        raise _OutOfTime
    return found


def _only(case: Case, axes: Sequence[Axis]) -> Case:
    """With these limits alone."""
    everything = np.ones(len(case.allowed), dtype=bool)
    return replace(
        case,
        limits=tuple(limit for limit in case.limits if limit.axis in axes),
        allowed=case.allowed if "activation_bytes" in axes else everything,
    )


def _without(axes: Sequence[Axis], axis: Axis) -> tuple[Axis, ...]:
    return tuple(each for each in axes if each != axis)
