"""Reach: the least that any selection takes on an axis."""

from candidates.errors import InfeasibleBudget
from search.budget import Axis, Budget
from search.problem import Choice, Problem
from search.totals import share, total


def check(problem: Problem, budget: Budget) -> None:
    """Raises InfeasibleBudget for the first limit that not even the smallest student keeps.

    Limits are looked at one by one, so passing does not promise a selection that keeps them all.
    """
    for axis, limit in budget.limits.items():
        smallest = total(problem, smallest_picks(problem, axis), axis)
        if smallest > limit:
            raise InfeasibleBudget(axis, limit, smallest)


def smallest_picks(problem: Problem, axis: Axis) -> tuple[Choice, ...]:
    """The cheapest choice of every neighbourhood; of equally cheap ones the lowest KL."""
    return tuple(
        min(choices, key=lambda choice: (share(problem, choice, axis), choice.score.kl.value))
        for choices in problem.neighbourhoods
    )
