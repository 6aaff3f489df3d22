"""Recollection: proven answers that hold for narrower limits too.

What is best within some limits is best within all narrower ones that it keeps, because fewer
selections are allowed there and it is still one of them. The same holds for the k best together.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.case import Case, Limit
from search.found import Found
from search.problem import Problem
from search.table import total

MOST_REMEMBERED = 4096
"""Of one kind of question; more than the trade-off curve of 16 × 20 candidates has points."""


class Recollection:
    """The latest proven answers to questions of one kind: same problem, objective, allowed
    choices, limited axes and number of selections.
    """

    def __init__(self, num_limits: int) -> None:
        nothing = np.empty((0, num_limits))
        self._known = _Known(nothing, nothing, [])

    def recall(self, case: Case) -> Found | None:
        """What was found within limits as wide or wider, if all of it keeps those of the case."""
        known, asked = self._known, _most(case.limits)
        fits = ((known.within >= asked) & (known.needs <= asked)).all(axis=1)
        return known.found[int(fits.argmax())] if fits.any() else None

    def keep(self, case: Case, found: Found) -> None:
        """The oldest answer is forgotten where there are too many."""
        needs = [
            max(total(each.values, picks) for picks in found.selections) for each in case.limits
        ]
        known = self._known  # one swap for threads that look on; what another adds now may be lost
        self._known = _Known(
            np.vstack([_most(case.limits), known.within[: MOST_REMEMBERED - 1]]),
            np.vstack([needs, known.needs[: MOST_REMEMBERED - 1]]),
            [found, *known.found[: MOST_REMEMBERED - 1]],
        )


class _Known(NamedTuple):
    """A row for each answer, the latest first: the limits that it was found within, and the most
    that any of its selections takes of them.
    """

    within: NDArray[np.float64]
    needs: NDArray[np.float64]
    found: list[Found]


def recollection(case: Case, top: int) -> Recollection:
    """That of the case's kind of question."""
    axes = tuple(limit.axis for limit in case.limits)
    return _recollection(case.problem, case.objective, case.allowed.tobytes(), axes, top)


@lru_cache(maxsize=64)
def _recollection(
    problem: Problem, objective: str, allowed: bytes, axes: tuple[str, ...], top: int
) -> Recollection:
    return Recollection(len(axes))


def _most(limits: Sequence[Limit]) -> NDArray[np.float64]:
    return np.asarray([limit.most for limit in limits], dtype=np.float64)
