"""Prediction: from the scores of the chosen candidates to a student's accuracy.

Additive: the drops of the partial models are summed, a negative one counting as none, because
it is noise that would hide another neighbourhood's real drop. The errors are added as if they
were independent. Holds while every drop is small; a later model fits its error on measured
students.
"""

import math
from collections.abc import Sequence

from candidates.candidate import Estimate, Score
from search.problem import Choice, Problem


def predicted_accuracy(problem: Problem, picks: Sequence[Choice]) -> Estimate:
    """Accuracy in percent of the student made of `picks`, never below zero."""
    drop = predicted_drop(picks)
    accuracy = max(problem.teacher_accuracy - drop.value, 0.0)
    return Estimate(value=accuracy, standard_error=drop.standard_error)


def predicted_drop(picks: Sequence[Choice]) -> Estimate:
    """Points that the student made of `picks` should lose against its teacher."""
    value = sum(drop_share(pick.score) for pick in picks)
    error = math.hypot(*(pick.score.accuracy_drop.standard_error for pick in picks))
    return Estimate(value=value, standard_error=error)


def drop_share(score: Score) -> float:
    """What one candidate adds to the predicted drop, in points."""
    return max(score.accuracy_drop.value, 0.0)
