"""Exact selection for one cost axis, by the trade-off's dynamic programming."""

from candidates.errors import InfeasibleBudget, UnsupportedBudget
from search import reach
from search.budget import Budget
from search.problem import Choice, Problem
from search.selection import Answer
from search.settings import SearchSettings
from search.totals import CostAxis, cost_axes, selection_of, total
from search.trade_off import trade_off


def select(problem: Problem, budget: Budget, _settings: SearchSettings) -> Answer:
    """The selection of least summed KL within one limited cost.

    With `accuracy_drop` beside it, that selection if its predicted drop keeps the limit, else
    the one of least predicted drop within the cost. With `accuracy_drop` alone, the selection of
    fewest parameters within it. Raises InfeasibleBudget, or UnsupportedBudget for several costs.
    """
    axes = cost_axes(budget)
    if len(axes) > 1:
        raise UnsupportedBudget(
            f"The exact strategy takes one cost limit, not {' and '.join(axes)} together. "
            "Drop all but one of them, or use the strategy 'optuna'."
        )
    if budget.accuracy_drop is not None:
        reach.check(problem, budget)
    picks = _within_cost(problem, axes[0], budget) if axes else _within_drop(problem, budget)
    return Answer(selection=selection_of(problem, picks))


def _within_cost(problem: Problem, axis: CostAxis, budget: Budget) -> tuple[Choice, ...]:
    limit, drop_limit = budget.limits[axis], budget.accuracy_drop
    picks = trade_off(problem, axis).best_within(limit)
    if drop_limit is None or total(problem, picks, "accuracy_drop") <= drop_limit:
        return picks
    picks = trade_off(problem, axis, "accuracy_drop").best_within(limit)
    least = total(problem, picks, "accuracy_drop")
    if least > drop_limit:
        raise InfeasibleBudget("accuracy_drop", drop_limit, least)
    return picks


def _within_drop(problem: Problem, budget: Budget) -> tuple[Choice, ...]:
    limit = budget.limits["accuracy_drop"]
    picks = trade_off(problem, "parameters", "accuracy_drop").cheapest_within(limit)
    assert picks is not None, "the smallest drop was checked to keep the limit"
    return picks
