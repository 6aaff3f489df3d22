"""The paper's rule: the smallest candidates whose drop stays below a common threshold."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from search.answering import answer_of
from search.budget import Budget, CostAxis
from search.case import Case
from search.conflict import explain
from search.found import Found
from search.problem import Choice, Problem
from search.selection import Answer
from search.settings import SearchSettings
from search.totals import cost_on

Picks = tuple[Choice, ...]
ADVICE = (
    "The threshold rule finds no selection that keeps all limits together, though there are some. "
    "Relax one of them, or use the strategy 'exact'."
)


def select(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    """Takes the lowest threshold x whose selection keeps the budget.

    For each x, every neighbourhood gives its smallest candidate (on the first limited cost)
    whose accuracy drop is at most x. With `accuracy_drop` alone, the highest x that keeps it. Next
    best are the next thresholds. Raises EmptyLibrary, UnknownCost, InfeasibleBudget,
    ContradictoryBudget, and UnsupportedBudget when only the rule fails.
    """
    case = Case.of(problem, budget)
    axis = budget.cost_axes[0] if budget.cost_axes else budget.minimise
    sweep = [case.table.indices(picks) for _, picks in _sweep(case.neighbourhoods, axis)]
    fitting = [indices for indices in sweep if case.keeps(indices)]
    if not fitting:
        raise explain(case, settings.time_limit_s, ADVICE)
    ordered = fitting if case.objective == "loss" else fitting[::-1]
    return answer_of(case, Found(ordered[: settings.top]))


def thresholds(problem: Problem, axis: CostAxis) -> Iterator[tuple[float, Picks]]:
    """Every distinct drop x that changes the selection, ascending, with the selection."""
    return _sweep(problem.neighbourhoods, axis)


def _sweep(
    neighbourhoods: Sequence[Sequence[Choice]], axis: CostAxis
) -> Iterator[tuple[float, Picks]]:
    events = sorted(
        ((index, choice) for index, choices in enumerate(neighbourhoods) for choice in choices),
        key=lambda event: event[1].score.accuracy_drop.value,
    )
    chosen: dict[int, Choice] = {}
    latest: Picks | None = None
    for drop, group in groupby(events, key=lambda event: event[1].score.accuracy_drop.value):
        for index, choice in group:
            chosen[index] = min(chosen.get(index, choice), choice, key=_smaller_on(axis))
        if len(chosen) < len(neighbourhoods):
            continue
        picks = tuple(chosen[index] for index in range(len(chosen)))
        if picks != latest:
            yield drop, picks
        latest = picks


def _smaller_on(axis: CostAxis) -> Callable[[Choice], tuple[int, float]]:
    return lambda choice: (cost_on(choice.cost, axis), choice.score.kl.value)
