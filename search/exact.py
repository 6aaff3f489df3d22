"""Exact selection: the best there is, with the proof of it."""

from functools import lru_cache

from search.answering import answer_of
from search.budget import Budget
from search.case import Case
from search.conflict import explain
from search.found import Found
from search.problem import Problem
from search.recollection import recollection
from search.selection import Answer
from search.settings import SearchSettings
from search.solver import solve
from search.table import check

OUT_OF_TIME = (
    "Within {seconds:g} s no selection was found that keeps all limits, nor proven that there is "
    "none. Allow more with time_limit_s, relax a limit, or use the strategy 'optuna'."
)


def select(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    """The selection of least summed KL within the limits, and the next best ones.

    With `accuracy_drop` and no cost that adds up, the one of least `minimise` within them. Of
    equally good ones within one limit the one that takes less of it. Raises EmptyLibrary,
    UnknownCost, InfeasibleBudget, ContradictoryBudget, or UnsupportedBudget when time ran out.
    """
    check(problem)
    return _select(problem, budget, settings.top, settings.time_limit_s)


@lru_cache(maxsize=256)
def _select(problem: Problem, budget: Budget, top: int, time_limit_s: float) -> Answer:
    """Remembered for the latest questions."""
    case = Case.of(problem, budget)
    found = _recalled(case, top, time_limit_s)
    if not found.selections:
        raise explain(case, time_limit_s, OUT_OF_TIME.format(seconds=time_limit_s))
    return answer_of(case, found)


def _recalled(case: Case, top: int, time_limit_s: float) -> Found:
    known = recollection(case, top)
    found = known.recall(case)
    if found is None:
        found = find(case, top, time_limit_s)
        if found.proven and len(found.selections) == top:
            known.keep(case, found)
    return found


def find(case: Case, top: int, time_limit_s: float) -> Found:
    """The best selections of a case; none where it has none, or time ran out."""
    if not case.is_open:
        return Found([], proven=True)
    if case.objective != "loss":
        return solve(case, case.values, case.limits, top, time_limit_s)
    costs = [limit for limit in case.limits if limit.axis != "accuracy_drop"]
    found = solve(case, case.values, costs, top, time_limit_s)
    fitting = [picks for picks in found.selections if case.keeps(picks)]
    return found._replace(selections=fitting)  # the best loses least, so it fits if any does
