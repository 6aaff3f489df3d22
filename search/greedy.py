"""The paper's greedy rule: the smallest candidates whose drop stays below a common threshold."""

from collections.abc import Callable, Iterator
from itertools import groupby

from candidates.errors import UnsupportedBudget
from search import reach
from search.budget import Budget
from search.problem import Choice, Problem
from search.selection import Answer
from search.settings import SearchSettings
from search.totals import CostAxis, cost_axes, cost_on, selection_of, within

Picks = tuple[Choice, ...]


def select(problem: Problem, budget: Budget, _settings: SearchSettings) -> Answer:
    """Takes the lowest threshold x whose selection keeps the budget.

    For each x, every neighbourhood gives its smallest candidate (on the first limited cost)
    whose accuracy drop is at most x. With `accuracy_drop` alone, the highest x that keeps it.
    Raises InfeasibleBudget when a limit is out of reach, UnsupportedBudget when only the rule
    fails.
    """
    reach.check(problem, budget)
    axes = cost_axes(budget)
    sweep = thresholds(problem, axes[0] if axes else "parameters")
    fitting = [picks for _, picks in sweep if within(problem, picks, budget)]
    if not fitting:
        raise UnsupportedBudget(
            "The greedy rule finds no selection that keeps all limits together. "
            "Relax one of them, or use the strategy 'exact' (one cost limit) or 'optuna'."
        )
    return Answer(selection=selection_of(problem, fitting[0] if axes else fitting[-1]))


def thresholds(problem: Problem, axis: CostAxis) -> Iterator[tuple[float, Picks]]:
    """Every distinct drop x at which each neighbourhood has a candidate, with its selection."""
    events = sorted(
        ((index, choice) for index, choices in enumerate(problem.neighbourhoods)
         for choice in choices),
        key=lambda event: event[1].score.accuracy_drop.value,
    )  # fmt: skip
    chosen: dict[int, Choice] = {}
    for drop, group in groupby(events, key=lambda event: event[1].score.accuracy_drop.value):
        for index, choice in group:
            chosen[index] = min(chosen.get(index, choice), choice, key=_smaller_on(axis))
        if len(chosen) == len(problem.neighbourhoods):
            yield drop, tuple(chosen[index] for index in range(len(chosen)))


def _smaller_on(axis: CostAxis) -> Callable[[Choice], tuple[int, float]]:
    return lambda choice: (cost_on(choice.cost, axis), choice.score.kl.value)
