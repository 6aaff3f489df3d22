"""Schedule: the learning rate and momentum of a step, functions of the recipe and nothing else."""

import math
from typing import NamedTuple

from candidates.recipe import LibraryRecipe

RISE = 0.3
"""Share of a cycle in which the rate rises."""
FIRST, LAST = 1 / 25, 1 / 250_000
"""Rates at the ends of a cycle, relative to the highest."""
MOST_MOMENTUM, LEAST_MOMENTUM = 0.95, 0.85


class Pace(NamedTuple):
    """How a step is taken."""

    rate: float
    momentum: float


class Span(NamedTuple):
    """Steps that belong together: a cycle of the rate, with a check behind the last."""

    first: int
    end: int


def pace(recipe: LibraryRecipe, step: int, span: Span | None = None) -> Pace:
    """How a step of a refinement is taken, within its round or another span of steps.

    Steps beyond the recipe's are taken like the last.
    """
    if recipe.schedule == "one_cycle":
        first, end = span or round_of(recipe, step)
        return _one_cycle(recipe.learning_rate, step - first, end - first)
    thirds = min(2, 3 * step // recipe.steps) if recipe.schedule == "step" else 0
    return Pace(recipe.learning_rate / 10**thirds, recipe.momentum)


def round_of(recipe: LibraryRecipe, step: int) -> Span:
    """The round of a step."""
    rounds = min(recipe.rounds, recipe.steps)
    number = ((step + 1) * rounds - 1) // recipe.steps
    return Span(number * recipe.steps // rounds, (number + 1) * recipe.steps // rounds)


def _one_cycle(highest: float, step: int, total: int) -> Pace:
    """As torch.optim.lr_scheduler.OneCycleLR with its own settings has it for total + 1 steps."""
    top = RISE * (total + 1) - 1
    if step <= top:
        share = _falling(step / top) if top else 0.0
        return Pace(
            highest + (FIRST - 1) * highest * share,
            LEAST_MOMENTUM + (MOST_MOMENTUM - LEAST_MOMENTUM) * share,
        )
    share = _falling((step - top) / (total - top))
    return Pace(
        highest * (LAST + (1 - LAST) * share),
        MOST_MOMENTUM + (LEAST_MOMENTUM - MOST_MOMENTUM) * share,
    )


def _falling(part: float) -> float:
    """From 1 to 0 as a cosine."""
    return (1 + math.cos(math.pi * part)) / 2
