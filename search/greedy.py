"""The cost-aware greedy: exchange where most cost is saved for each nat that is lost."""

from search import exchange
from search.answering import answer_of
from search.budget import Budget
from search.case import Case
from search.conflict import explain
from search.found import Found
from search.problem import Problem
from search.selection import Answer
from search.settings import SearchSettings

ADVICE = (
    "The greedy exchanges lead to no selection that keeps all limits together, though there may be "
    "some. Relax one of them, or use the strategy 'exact'."
)


def select(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    """A selection that no single exchange within the limits betters; next best are the exchanges.

    Raises EmptyLibrary, UnknownCost, InfeasibleBudget, ContradictoryBudget, and UnsupportedBudget
    when only the exchanges fail.
    """
    case = Case.of(problem, budget)
    found = exchange.known(case, case.values, case.limits, settings.top) if case.is_open else []
    if not found:
        raise explain(case, settings.time_limit_s, ADVICE)
    return answer_of(case, Found(found))
