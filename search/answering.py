"""Answering: from what a strategy found to what is told about it."""

from collections.abc import Sequence

from search.budget import Axis
from search.case import Case, Limit
from search.found import Found
from search.selection import Answer, Status, Trial
from search.table import Indices, Numbers, total
from search.totals import selection_of


def answer_of(case: Case, found: Found, trials: Sequence[Trial] = ()) -> Answer:
    """Of something found; how long it took is for the caller to say."""
    best, *others = (
        selection_of(case.problem, case.table.picks(each)) for each in found.selections
    )
    return Answer(
        selection=best,
        slack=_slack(case, found.selections[0]),
        binding=_binding(case, found.selections[0]),
        gap=found.gap,
        status=_status(found),
        others=tuple(others),
        trials=tuple(trials),
    )


def _status(found: Found) -> Status:
    if found.proven:
        return "optimal"
    return "heuristic" if found.gap is None else "time_limit"


def _slack(case: Case, picks: Indices) -> dict[Axis, float]:
    """In the order of the budget's limits."""
    slack: dict[Axis, float] = {}
    for axis, asked in case.budget.limits.items():
        if axis == "activation_bytes":
            slack[axis] = asked - _peak(case, picks)
    for limit in case.limits:
        asked = case.budget.limits[limit.axis]
        slack[limit.axis] = max(asked - case.worth(limit, total(limit.values, picks)), 0.0)
    return {axis: slack[axis] for axis in case.budget.limits}


def _peak(case: Case, picks: Indices) -> int:
    return max(int(case.table.peaks[picks].max()), case.problem.fixed.activation_bytes)


def _binding(case: Case, picks: Indices) -> Axis | None:
    """Of exchanges that would better the selection, what forbids the most; of equal ones the
    limit that is relatively nearer. None where no limit forbids any.
    """
    owner = case.table.owner
    better = case.values < case.values[picks][owner]
    forbidden: dict[Axis, tuple[int, float]] = {}
    if not case.allowed.all():
        forbidden["activation_bytes"] = (int((better & ~case.allowed).sum()), 0.0)
    for limit in case.limits:
        after = _after(limit, picks, owner)
        room = limit.most - total(limit.values, picks)
        nearness = -room / (abs(limit.most) or 1.0)
        forbidden[limit.axis] = (int((better & (after > limit.most)).sum()), nearness)
    binding = max(forbidden, key=lambda axis: forbidden[axis], default=None)
    return binding if binding is not None and forbidden[binding][0] else None


def _after(limit: Limit, picks: Indices, owner: Indices) -> Numbers:
    """By choice: the sum were it exchanged."""
    sums: Numbers = total(limit.values, picks) + limit.values - limit.values[picks][owner]
    return sums
