"""Prediction's scores: sums over candidates that might order students."""

import math
from collections.abc import Callable

from candidates.candidate import Score
from search.problem import MeasuredStudent, Problem

SCORES: dict[str, Callable[[Score], float]] = {
    "kl": lambda score: score.kl.value,
    "accuracy_drop": lambda score: score.accuracy_drop.value,  # the paper's
    "logit_mse": lambda score: score.logit_mse.value,
    "root_kl": lambda score: math.sqrt(score.kl.value),
    "disagreement": lambda score: 100 - score.agreement.value if score.agreement else math.nan,
}


def summed(problem: Problem, student: MeasuredStudent, of: Callable[[Score], float]) -> float:
    """The sum of a score over the candidates of a student."""
    scores = {choice.id: choice.score for each in problem.neighbourhoods for choice in each}
    return sum(of(scores[choice]) for choice in student.choices)
