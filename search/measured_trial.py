"""Measured trials: what a search learns from each student that it makes."""

from collections.abc import Sequence
from typing import TypeVar

from candidates.candidate import Score
from candidates.errors import UnsupportedBudget
from candidates.value import Value
from search.budget import Budget


class MeasuredTrial(Value):
    """A student that was really made and measured; `loss` is its summed KL in nats."""

    choices: tuple[str, ...]
    loss: float
    score: Score


AnyTrial = TypeVar("AnyTrial", bound=MeasuredTrial)


def best_of(trials: Sequence[AnyTrial]) -> AnyTrial:
    """The most accurate; of equally accurate ones that of least KL to the teacher."""
    return min(trials, key=lambda trial: (-trial.score.accuracy.value, trial.score.kl.value))


def check_measurable(budget: Budget) -> None:
    """UnsupportedBudget where more than costs are limited."""
    if budget.accuracy_drop is not None:
        raise UnsupportedBudget(
            "A measured search limits costs and finds out which accuracy can be had within them. "
            "Leave accuracy_drop out, or post a student with it: its limit is on the predicted "
            "drop."
        )
