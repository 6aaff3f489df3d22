"""Strategies: every way to choose a selection, behind one signature.

Each is imported when it is first used, so that a process which never asks for Optuna never
loads it, nor numpy before the first selection.
"""

import time
from collections.abc import Callable
from typing import Literal

from search.budget import Budget
from search.problem import Problem
from search.selection import Answer
from search.settings import SearchSettings

StrategyName = Literal["exact", "greedy", "threshold", "optuna", "uniform"]
Strategy = Callable[[Problem, Budget, SearchSettings], Answer]


def select(
    name: StrategyName, problem: Problem, budget: Budget, settings: SearchSettings
) -> Answer:
    """The named strategy's answer to a budget without shares, and how long it took.

    Raises EmptyLibrary, UnknownCost, InfeasibleBudget, ContradictoryBudget, UnsupportedBudget.
    """
    begun = time.perf_counter()
    answer = STRATEGIES[name](problem, budget, settings)
    return answer.model_copy(update={"seconds": time.perf_counter() - begun})


def _exact(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import exact

    return exact.select(problem, budget, settings)


def _greedy(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import greedy

    return greedy.select(problem, budget, settings)


def _threshold(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import threshold

    return threshold.select(problem, budget, settings)


def _optuna(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import propose

    return propose.select(problem, budget, settings)


def _uniform(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import uniform

    return uniform.select(problem, budget, settings)


STRATEGIES: dict[StrategyName, Strategy] = {
    "exact": _exact,
    "greedy": _greedy,
    "threshold": _threshold,
    "optuna": _optuna,
    "uniform": _uniform,
}
