"""The paper's baseline: the same multiplier in every neighbourhood."""

from collections.abc import Sequence

from search.answering import answer_of
from search.budget import Budget, CostAxis
from search.case import Case
from search.conflict import explain
from search.found import Found
from search.problem import Choice, Problem
from search.selection import Answer, Selection
from search.settings import SearchSettings
from search.totals import cost_on, selection_of

Picks = tuple[Choice, ...]
ADVICE = (
    "No uniform selection keeps all limits together, though others do. "
    "Relax one of them, or use the strategy 'exact'."
)


def select(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    """The largest uniform selection within the budget; with `accuracy_drop` alone, the smallest.

    Size is that on the first limited cost. Next best are the next sizes. Raises EmptyLibrary,
    UnknownCost, InfeasibleBudget, ContradictoryBudget, and UnsupportedBudget when only the uniform
    selections fail.
    """
    case = Case.of(problem, budget)
    axis = budget.cost_axes[0] if budget.cost_axes else budget.minimise
    levels = map(case.table.indices, uniform_picks(problem, axis))
    fitting = [indices for indices in levels if case.keeps(indices)]
    if not fitting:
        raise explain(case, settings.time_limit_s, ADVICE)
    ordered = fitting[::-1] if case.objective == "loss" else fitting
    return answer_of(case, Found(ordered[: settings.top]))


def uniform_selections(problem: Problem, axis: CostAxis = "parameters") -> tuple[Selection, ...]:
    """Every uniform selection, by ascending cost: the line to compare a trade-off curve with."""
    return tuple(selection_of(problem, picks) for picks in uniform_picks(problem, axis))


def uniform_picks(problem: Problem, axis: CostAxis) -> list[Picks]:
    """The width candidates at the same rank of cost everywhere, smallest first; none where a
    neighbourhood has no width candidates.

    Where a neighbourhood has fewer candidates than the others, because narrow widths round to
    the same number of channels, its ranks are stretched over theirs.
    """
    ranked = [
        sorted(_widths(choices), key=lambda choice: cost_on(choice.cost, axis))
        for choices in problem.neighbourhoods
    ]
    if not all(ranked):
        return []
    num_levels = max(len(choices) for choices in ranked)
    return [
        tuple(_at(choices, level, num_levels) for choices in ranked) for level in range(num_levels)
    ]


def _widths(choices: Sequence[Choice]) -> list[Choice]:
    return [choice for choice in choices if choice.kind == "width"]


def _at(choices: Sequence[Choice], level: int, num_levels: int) -> Choice:
    if num_levels == 1:
        return choices[0]
    return choices[round(level * (len(choices) - 1) / (num_levels - 1))]
