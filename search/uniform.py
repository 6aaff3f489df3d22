"""The paper's baseline: the same multiplier in every neighbourhood."""

from collections.abc import Sequence

from candidates.errors import UnsupportedBudget
from search import reach
from search.budget import Budget
from search.problem import Choice, Problem
from search.selection import Answer, Selection
from search.settings import SearchSettings
from search.totals import CostAxis, cost_axes, cost_on, selection_of, within

Picks = tuple[Choice, ...]


def select(problem: Problem, budget: Budget, _settings: SearchSettings) -> Answer:
    """The largest uniform selection within the budget; with `accuracy_drop` alone, the smallest.

    Raises InfeasibleBudget when a limit is out of reach, UnsupportedBudget when only the uniform
    selections fail.
    """
    reach.check(problem, budget)
    axes = cost_axes(budget)
    levels = uniform_picks(problem, axes[0] if axes else "parameters")
    fitting = [picks for picks in levels if within(problem, picks, budget)]
    if not fitting:
        raise UnsupportedBudget(
            "No uniform selection keeps all limits together. "
            "Relax one of them, or use the strategy 'exact' (one cost limit) or 'optuna'."
        )
    return Answer(selection=selection_of(problem, fitting[-1] if axes else fitting[0]))


def uniform_selections(problem: Problem, axis: CostAxis = "parameters") -> tuple[Selection, ...]:
    """Every uniform selection, by ascending cost: the line to compare a trade-off curve with."""
    return tuple(selection_of(problem, picks) for picks in uniform_picks(problem, axis))


def uniform_picks(problem: Problem, axis: CostAxis) -> list[Picks]:
    """The width candidates at the same rank of cost everywhere, smallest first.

    Where a neighbourhood has fewer candidates than the others, because narrow widths round to
    the same number of channels, its ranks are stretched over theirs.
    """
    ranked = [
        sorted(_widths(choices), key=lambda choice: cost_on(choice.cost, axis))
        for choices in problem.neighbourhoods
    ]
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
