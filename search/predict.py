"""Prediction: from the scores of the chosen candidates to the accuracy of their student.

Accuracy drops of partial models are steps of 1/N, often negative, and their sum says too little
once several neighbourhoods err (Figure 4 of the paper). KL is smooth and never negative, and over
the candidates of a library the drop is close to proportional to it. So the library's own
candidates fit b, in points a nat, and a student's drop is predicted as b·ΣKL. It speaks of the
student after its refit.
"""

import math
from collections.abc import Sequence

from candidates.candidate import Estimate
from search.problem import Choice, Problem


def predicted_accuracy(problem: Problem, picks: Sequence[Choice]) -> Estimate:
    """Accuracy in percent of the student made of `picks`, never below zero.

    The standard error joins that of b with that of an accuracy on as many images as were scored.
    """
    drop = predicted_drop(problem, picks)
    accuracy = min(max(problem.teacher_accuracy - drop.value, 0.0), 100.0)
    num_images = min(pick.score.num_images for pick in picks)
    sampling = math.sqrt(accuracy * (100 - accuracy) / num_images)
    return Estimate(value=accuracy, standard_error=math.hypot(sampling, drop.standard_error))


def predicted_drop(problem: Problem, picks: Sequence[Choice]) -> Estimate:
    """Points that the student made of `picks` should lose against its teacher."""
    rate = problem.points_per_nat
    value = sum(drop_share(problem, pick) for pick in picks)
    nats = sum(pick.score.kl.value for pick in picks)
    return Estimate(value=value, standard_error=nats * rate.standard_error)


def drop_share(problem: Problem, choice: Choice) -> float:
    """What one choice adds to the predicted drop, in points."""
    return problem.points_per_nat.value * choice.score.kl.value
