"""Strategies: every way to choose a selection, behind one signature.

Each is imported when it is first used, so that a process which never asks for Optuna never
loads it, nor numpy before the first selection.
"""

from collections.abc import Callable
from typing import Literal

from search.budget import Budget
from search.problem import Problem
from search.selection import Answer
from search.settings import SearchSettings

StrategyName = Literal["exact", "greedy", "optuna", "uniform"]
Strategy = Callable[[Problem, Budget, SearchSettings], Answer]


def select(
    name: StrategyName, problem: Problem, budget: Budget, settings: SearchSettings
) -> Answer:
    """The named strategy's answer; raises InfeasibleBudget or UnsupportedBudget."""
    return STRATEGIES[name](problem, budget, settings)


def _exact(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import exact

    return exact.select(problem, budget, settings)


def _greedy(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import greedy

    return greedy.select(problem, budget, settings)


def _optuna(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import propose

    return propose.select(problem, budget, settings)


def _uniform(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    from search import uniform

    return uniform.select(problem, budget, settings)


STRATEGIES: dict[StrategyName, Strategy] = {
    "exact": _exact,
    "greedy": _greedy,
    "optuna": _optuna,
    "uniform": _uniform,
}
