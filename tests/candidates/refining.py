"""Drafts of a tiny teacher's neighbourhood, with the activations that they learn from."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from candidates.distil import refine
from candidates.draft import Constraint, Draft
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.objective import Objective
from candidates.progress import Progress, silent
from candidates.recipe import LibraryRecipe
from candidates.savings import Savings
from candidates.stream import Stream
from candidates.teacher import Teacher
from tests.candidates.builders import TINY, images_of, library, teacher_of

INDEX = 5
"""A block with three others behind it."""
INNER = "layer2.2.conv1.weight"
"""The weight of its that loses rows when the block is narrowed."""


@cache
def teacher() -> Teacher:
    return teacher_of()


def neighbourhood(index: int = INDEX) -> Neighbourhood:
    return teacher().split.neighbourhoods[index]


def at_cut(index: int = INDEX) -> Stream:
    images = Stream(images_of(), TINY.preprocessing, 10**9)
    return images.advanced(teacher().root(neighbourhood(index)))


def draft(width: int = 4, constraint: Constraint | None = None, index: int = INDEX) -> Draft:
    """Some of the inner channels, as they are in the teacher."""
    nb = neighbourhood(index)
    kept = {each.name: tuple(range(width)) for each in nb.widths}
    return Draft(teacher().narrowed(nb, kept), kept, constraint)


def recipe(**changes: Any) -> LibraryRecipe:
    return library(**{"steps": 6, "learning_rate": 1e-2, **changes})


def refined(
    given: LibraryRecipe,
    drafts: list[Draft] | None = None,
    progress: Progress = silent,
    savings: Savings | None = None,
) -> list[Draft]:
    drafts = [draft()] if drafts is None else drafts
    objective = Objective.of(teacher(), neighbourhood(), given)
    refine(drafts, objective, objective.stream(at_cut()), given, progress, savings)
    return drafts


def weights(
    given: LibraryRecipe, change: Callable[[Draft], None] | None = None
) -> dict[str, Tensor]:
    one = draft()
    if change:
        change(one)
    return refined(given, [one])[0].network.tensors()


def gap(network: Network) -> float:
    """The mean squared error at the neighbourhood's output, over all images."""
    with torch.inference_mode():
        inputs = torch.cat(list(at_cut()))
        return float((network(inputs) - teacher().part(neighbourhood())(inputs)).square().mean())


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return all(torch.equal(values, right[name]) for name, values in left.items())
