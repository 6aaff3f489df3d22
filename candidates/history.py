"""History: what a training has seen of itself."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from candidates.point import Point

MAX_POINTS = 100


class History(nn.Module):
    """Loss and, where it was measured, held-out accuracy of every step; NaN where unknown.

    A module, so that it is saved and restored together with the network that it tells of.
    """

    losses: Tensor
    accuracies: Tensor

    def __init__(self, total: int) -> None:
        super().__init__()
        self.register_buffer("losses", torch.full((total,), math.nan))
        self.register_buffer("accuracies", torch.full((total,), math.nan))

    def check(self, done: int) -> None:
        """Raises FloatingPointError naming the first finished step whose loss was NaN or Inf."""
        wrong = (~self.losses[:done].isfinite()).nonzero()
        if len(wrong):
            step = int(wrong[0])
            value = float(self.losses[step])
            raise FloatingPointError(
                f"The loss is {value} at step {step}; lower the learning rate."
            )

    def points(self) -> list[Point]:
        """The finished steps in at most 100 points, evenly spread; the last is the last step."""
        known = int(self.losses.isfinite().sum())
        every = max(1, -(-known // MAX_POINTS))
        ends = [*range(0, known, every), known]
        return [self._point(start, end) for start, end in pairwise(ends)]

    def _point(self, start: int, end: int) -> Point:
        measured = self.accuracies[start:end]
        measured = measured[measured.isfinite()]
        return Point(
            step=end,
            loss=float(self.losses[start:end].mean()),
            accuracy=float(measured[-1]) if len(measured) else None,
        )
