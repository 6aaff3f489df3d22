"""Halving: the steps of one neighbourhood go where they lower its trade-off curve.

After each rung, candidates that lie far above the curve, or no longer improve, stop, at most half
of them and the farthest first; those that go on share the steps that are left. (After Jamieson and
Talwalkar, 2016, Non-stochastic Best Arm Identification; what survives here is a whole curve, not
one arm.)
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from candidates.recipe import LibraryRecipe
from candidates.schedule import Span

RUNGS = (0.25, 0.5, 1.0)
"""Shares of all steps after which candidates are judged, or finished."""
FAR = 0.5
"""A loss that exceeds the curve's by more than this share is far from it."""
Point = tuple[float, float]
"""Cost and loss."""


Costs = tuple[float, ...]
"""On several axes; what counts is the one on which a candidate does best."""


class Standing(NamedTuple):
    """How a candidate does: its costs, its loss, and its loss at the rung before."""

    costs: Costs
    loss: float
    before: float = inf


class Shares:
    """Shares `steps` for each of `num_drafts` among those that are still open, rung by rung.

    `num_taken` are the steps of all drafts together.
    """

    def __init__(self, recipe: LibraryRecipe, num_drafts: int) -> None:
        self._total = recipe.steps * num_drafts
        self.rung, self.num_taken = 0, 0
        self.span = Span(0, 0)

    def begin(self, num_open: int) -> None:
        """The span of the next rung: all that was not taken before it ends, in equal shares."""
        due = int(RUNGS[self.rung] * self._total) - self.num_taken
        self.span = Span(self.span.end, self.span.end + due // num_open)
        self.num_taken += num_open * (due // num_open)
        self.rung += 1

    @property
    def is_last(self) -> bool:
        """Whether no rung follows."""
        return self.rung == len(RUNGS)


def verdicts(standings: Sequence[Standing], teacher: Costs, tolerance: float) -> list[str]:
    """Why each candidate should stop; "" for those that go on, which at least half of them do.

    `teacher` are the costs of the teacher's own part, which loses nothing.
    """
    excesses = _excesses(standings, teacher)
    reasons = [
        _reason(each, excess, tolerance) for each, excess in zip(standings, excesses, strict=True)
    ]
    worst = sorted(range(len(reasons)), key=lambda number: -excesses[number])
    stopped = [number for number in worst if reasons[number]][: len(reasons) // 2]
    return [reason if number in stopped else "" for number, reason in enumerate(reasons)]


def _excesses(standings: Sequence[Standing], teacher: Costs) -> list[float]:
    """The share by which each loss exceeds the trade-off curve's, on the axis where that is least;
    0 on an axis on which nothing is saved, and where that is so on all.
    """
    result = [inf] * len(standings)
    for axis, most in enumerate(teacher):
        points = [(each.costs[axis], each.loss) for each in standings if each.costs[axis] < most]
        curve = _lower_hull([*points, (most, 0.0)])
        for number, each in enumerate(standings):
            height = _height(curve, each.costs[axis])
            if height:
                result[number] = min(result[number], each.loss / height - 1)
    return [0.0 if excess == inf else excess for excess in result]


def _reason(standing: Standing, excess: float, tolerance: float) -> str:
    if standing.loss > (1 - tolerance) * standing.before:
        return f"its loss no longer falls ({standing.before:.4g}, then {standing.loss:.4g})"
    if excess > FAR:
        share = 100 * excess
        return f"its loss of {standing.loss:.4g} is {share:.0f} % above the trade-off curve"
    return ""


def _lower_hull(points: Sequence[Point]) -> list[Point]:
    """The vertices of the lower convex hull, ascending (Andrew's monotone chain)."""
    hull: list[Point] = []
    for point in sorted(points):
        while len(hull) > 1 and _turn(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        if not hull or point[0] > hull[-1][0]:
            hull.append(point)
    return hull


def _turn(first: Point, second: Point, third: Point) -> float:
    """Positive where the way from the first over the second to the third turns left."""
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (
        third[0] - first[0]
    )


def _height(curve: Sequence[Point], cost: float) -> float:
    """The curve's loss at a cost; 0 from the teacher's on."""
    for (left, low), (right, high) in pairwise(curve):
        if left <= cost < right:
            return low + (high - low) * (cost - left) / (right - left)
    return 0.0
