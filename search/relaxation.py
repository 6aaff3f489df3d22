"""Relaxation: the convex lower bound of a trade-off, which tells what can never be on the curve.

If fractions of choices could be taken, the best curve would be convex and piecewise linear: the
steps of all neighbourhoods' convex hulls, steepest first (Sinha & Zoltners, 1979). Along a piece
of slope -r, loss + r·cost of any whole selection is at least the sum of the neighbourhoods' own
minima. A part of a selection whose loss + r·cost, with the minima of what is still to be chosen,
lies above the best selections known on that piece, and so on every piece, leads to none better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.int64]
Losses = NDArray[np.float64]
Curve = tuple[Costs, Losses]
"""Costs strictly ascending, losses strictly descending."""

GRID = 512
SLACK = 1e-12
"""Of what is compared: far above what rounding does to it, far below what matters."""


@dataclass(frozen=True)
class Relaxation:
    """`corners` are the whole selections at which the pieces meet, `rates` the pieces' r,
    descending and ending with 0; `least` holds, for each neighbourhood and piece, the sum of minima
    of loss + r·cost over all neighbourhoods behind it.
    """

    corners: Curve
    rates: Losses
    least: Losses

    @classmethod
    def of(cls, parts: Sequence[Curve]) -> "Relaxation":
        """Of neighbourhoods' undominated choices."""
        hulls = [_hull(*part) for part in parts]
        steps = np.concatenate([np.diff(np.asarray(hull, dtype=float), axis=1) for hull in hulls], 1)
        rates = -steps[1] / steps[0]
        order = np.argsort(-rates, kind="stable")
        rates = np.append(rates[order], 0.0)
        costs = np.cumsum([sum(int(hull[0][0]) for hull in hulls), *steps[0][order].astype(int)])
        losses = np.cumsum([sum(float(hull[1][0]) for hull in hulls), *steps[1][order]])
        minima = [(hull[1] + np.multiply.outer(rates, hull[0])).min(axis=1) for hull in hulls]
        behind = np.cumsum([np.zeros(len(rates)), *minima[:0:-1]], axis=0)[::-1]
        return cls((costs, losses), rates, behind)

    def levels(self, known: Curve) -> Losses:
        """For each piece the most that loss + r·cost of a selection may be that `known` ones do not
        beat; the corners have to be among them.
        """
        costs, losses = known
        ends = np.append(costs[1:], costs[-1])
        levels = np.full(len(self.rates), -np.inf)
        for at in (costs, ends):
            piece = np.clip(
                np.searchsorted(self.corners[0], at, side="right") - 1, 0, len(self.rates) - 1
            )
            np.maximum.at(levels, piece, losses + self.rates[piece] * ends)
        np.maximum.at(levels, [-1], losses[-1])
        return levels

    def ceiling(self, place: int, levels: Losses, most: int) -> Curve:
        """Support points, over costs up to `most`, of the loss that a part of a selection, of the
        neighbourhoods up to `place`, may have at a cost; convex, so that straight lines between
        the points are never below it.
        """
        grid = np.unique(np.linspace(0, most, GRID).astype(np.int64))
        own = levels - self.least[place]
        lines = own[:, None] - np.multiply.outer(self.rates, grid)
        slack = SLACK * (np.abs(levels) + self.rates * most).max()
        return grid, lines.max(axis=0) + slack


def _hull(costs: Costs, losses: Losses) -> Curve:
    """The corners of the lower convex hull of undominated points."""
    kept: list[int] = []
    for point in range(len(costs)):
        while len(kept) > 1 and not _turns(costs, losses, (*kept[-2:], point)):
            kept.pop()
        kept.append(point)
    return costs[kept], losses[kept]


def _turns(costs: Costs, losses: Losses, points: tuple[int, ...]) -> bool:
    """Whether the slope becomes flatter at the second of three points."""
    first, second = (
        (losses[b] - losses[a]) / float(costs[b] - costs[a]) for a, b in pairwise(points)
    )
    return bool(first < second)
