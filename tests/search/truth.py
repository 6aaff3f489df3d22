"""A made-up truth: a library whose students follow a known curve with known noise."""

from collections.abc import Sequence

import numpy as np

from candidates.candidate import Cost, Estimate, Score
from search.problem import Choice, MeasuredStudent, Problem

TEACHER, CHANCE, RATE, SHAPE = 90.0, 10.0, 0.45, 1.1
MISLED = 1.35
"""By how much the candidates understate what a student loses."""
LAST_WEIGHT = 2.0
"""How much more the last neighbourhood counts than the others."""
SCATTER, NUM_SCORED, NUM_REPORTED = 0.15, 2000, 5000


def true_accuracy(loss: float) -> float:
    return CHANCE + (TEACHER - CHANCE) * float(np.exp(-((RATE * loss) ** SHAPE)))


def true_loss(nats: Sequence[float]) -> float:
    return sum(nats) + (LAST_WEIGHT - 1) * nats[-1]


def library(numbers: np.random.Generator) -> Problem:
    """Six neighbourhoods of eight candidates; drops at the cold start's rate, scored on images."""
    return Problem(
        neighbourhoods=tuple(
            tuple(_choice(f"{place}.{rank}", 0.004 * 2.2**rank, numbers) for rank in range(8))
            for place in range(6)
        ),
        fixed=Cost(parameters=1, macs=1, bytes=4),
        teacher_accuracy=TEACHER,
        chance=CHANCE,
    )


def students(of: Problem, count: int, numbers: np.random.Generator) -> tuple[MeasuredStudent, ...]:
    """Drawn at all levels, each as if its loss were mistaken by a factor, and then sampled."""
    return tuple(_student(of, rank / count, numbers) for rank in range(count))


def _choice(id: str, nats: float, numbers: np.random.Generator) -> Choice:
    kl = nats * float(numbers.uniform(0.7, 1.3))
    drop = RATE / MISLED * (TEACHER - CHANCE) * kl + float(numbers.normal(0, 0.3))
    exact = Estimate(value=kl, standard_error=kl / 40)
    return Choice(
        id=id,
        cost=Cost(parameters=1, macs=1, bytes=4),
        score=Score(
            accuracy=Estimate(value=TEACHER - drop, standard_error=0.6),
            accuracy_drop=Estimate(value=drop, standard_error=0.3),
            kl=exact,
            logit_mse=exact,
            num_images=NUM_SCORED,
        ),
    )


def _student(of: Problem, level: float, numbers: np.random.Generator) -> MeasuredStudent:
    picks = [
        choices[int(np.clip(round(8 * level + numbers.normal(0, 1.5)), 0, 7))]
        for choices in of.neighbourhoods
    ]
    nats = [pick.score.kl.value for pick in picks]
    loss = true_loss(nats) * float(np.exp(numbers.normal(0, SCATTER)))
    share = numbers.binomial(NUM_REPORTED, true_accuracy(loss) / 100) / NUM_REPORTED
    error = 100 * float(np.sqrt(share * (1 - share) / NUM_REPORTED))
    return MeasuredStudent(
        choices=tuple(pick.id for pick in picks),
        accuracy=Estimate(value=100 * share, standard_error=error),
    )
