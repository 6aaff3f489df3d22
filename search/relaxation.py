"""Relaxation: the convex lower bound of a trade-off, which tells what can never be on the curve.

If fractions of choices could be taken, the best curve would be convex and piecewise linear: the
steps of all neighbourhoods' convex hulls, steepest first (Sinha & Zoltners, 1979). Along a piece
of slope -r, loss + r·cost of any whole selection is at least the sum of the neighbourhoods' own
minima. A part of a selection whose loss + r·cost, with the minima of what is still to be chosen,
lies above that of the selections known on that piece, and so on every piece, leads to none better.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.int64 | np.float64]
"""Integers, but for latencies."""
Losses = NDArray[np.float64]
Curve = tuple[Costs, Losses]
"""Costs ascending, losses descending."""

GRID = 128
SLACK = 1e-12
"""Of what is compared: far above what rounding does to it, far below what matters."""


@dataclass(frozen=True)
class Relaxation:
    """`corners` are the whole selections at which the pieces meet, `rates` the pieces' r,
    descending and ending with 0 behind the last corner; `levels` the most that loss + r·cost of a
    selection may be to be wanted; `least` holds, for each neighbourhood and piece, the sum of
    minima of loss + r·cost over all neighbourhoods behind it.
    """

    corners: Curve
    rates: Losses
    levels: Losses
    least: Losses

    @classmethod
    def of(cls, parts: Sequence[Curve]) -> "Relaxation":
        """Of neighbourhoods' undominated choices.

        Wanted is what no corner beats: it loses less than its piece's first corner and costs less
        than its last.
        """
        hulls = [_only(part, corners(*part)) for part in parts]
        costs, losses, rates = _steps(hulls)
        minima = [(hull[1] + np.multiply.outer(rates, hull[0])).min(axis=1) for hull in hulls]
        least = np.cumsum([np.zeros(len(rates)), *minima[:0:-1]], axis=0)[::-1]
        levels = losses + rates * np.append(costs[1:], costs[-1])
        return cls((costs, losses), rates, levels, least)

    def tight(self) -> "Relaxation":
        """With nothing wanted but the corners."""
        costs, losses = self.corners
        return replace(self, levels=losses + self.rates * costs)

    def near_cost(self, limit: float) -> "Relaxation":
        """With nothing wanted but what costs at most `limit` and loses less than the last corner
        that does.
        """
        costs, losses = self.corners
        surely = limit * (1 - SLACK)  # these sums were added up in another order
        piece = max(int(np.searchsorted(costs, surely, side="right")) - 1, 0)
        return self._only(piece, losses[piece] + self.rates[piece] * max(limit, costs[0]))

    def ceiling(self, place: int, most: float) -> tuple[Losses, Losses]:
        """Support points, over costs up to `most`, of the loss that a part of a selection, of the
        neighbourhoods up to `place`, may have at a cost; convex, so that straight lines between
        the points are never below it.
        """
        grid = np.linspace(0, most, GRID)
        own = self.levels - self.least[place]
        lines = own[:, None] - np.multiply.outer(self.rates, grid)
        slack = SLACK * (np.abs(self.corners[1]).max() + self.rates[0] * self.corners[0][-1])
        return grid, lines.max(axis=0) + slack

    def _only(self, piece: int, level: float) -> "Relaxation":
        return replace(
            self,
            rates=self.rates[piece : piece + 1],
            levels=np.asarray([level]),
            least=self.least[:, piece : piece + 1],
        )


def corners(costs: Costs, losses: Losses) -> list[int]:
    """Indices of the corners of the lower convex hull of points; costs ascend, losses descend."""
    kept: list[int] = []
    for point in range(len(costs)):
        while len(kept) > 1 and not _turns(costs, losses, (*kept[-2:], point)):
            kept.pop()
        kept.append(point)
    return kept


def _only(part: Curve, points: list[int]) -> Curve:
    return part[0][points], part[1][points]


def _steps(hulls: Sequence[Curve]) -> tuple[Costs, Losses, Losses]:
    """The corners' costs and losses, and the rate behind each: all hulls' steps, steepest first."""
    costs = np.concatenate([np.diff(hull[0]) for hull in hulls])
    losses = np.concatenate([np.diff(hull[1]) for hull in hulls])
    rates = -losses / costs
    order = np.argsort(-rates, kind="stable")
    first_cost, first_loss = (sum(hull[axis][0] for hull in hulls) for axis in (0, 1))
    return (
        np.cumsum([first_cost, *costs[order]]),
        np.cumsum([first_loss, *losses[order]]),
        np.append(rates[order], 0.0),
    )


def _turns(costs: Costs, losses: Losses, points: tuple[int, ...]) -> bool:
    """Whether the slope becomes flatter at the second of three points."""
    first, second = (
        (losses[b] - losses[a]) / float(costs[b] - costs[a]) for a, b in pairwise(points)
    )
    return bool(first < second)
