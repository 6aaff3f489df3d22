"""Pools: made-up weights, since latency depends on shapes and not on values."""

from __future__ import annotations

import math
from typing import Any


class Pools:
    """Made-up weights: every network takes its own from the start of the same numbers."""

    def __init__(self, torch: Any, device: Any) -> None:
        self.torch, self.device = torch, device
        self.kept: dict[Any, Any] = {}

    def take(self, kind: str, dtype: Any, start: int, shape: list[int]) -> tuple[Any, int]:
        """A tensor from a place in a pool; vectors are positive, as variances have to be."""
        size = math.prod(shape)
        return self.pool(kind, dtype, start + size)[start : start + size].view(shape), start + size

    def pool(self, kind: str, dtype: Any, size: int) -> Any:
        """At least so many numbers, and integers that are 0, valid as any index."""
        if (kind, dtype) not in self.kept or len(self.kept[kind, dtype]) < size:
            generator = self.torch.Generator().manual_seed(0)
            if not dtype.is_floating_point:
                values = self.torch.zeros(size)
            elif kind == "vector":
                values = self.torch.rand(size, generator=generator) + 0.5
            else:
                values = self.torch.randn(size, generator=generator) * 0.05
            self.kept[kind, dtype] = values.to(self.device, dtype)
        return self.kept[kind, dtype]
