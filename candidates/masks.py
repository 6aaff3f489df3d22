"""Masks: weights that are zero and stay zero."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class FixedMasks:
    """A constraint: by tensor, True where a weight may be other than zero."""

    masks: Mapping[str, Tensor]

    def apply(self, tensors: Mapping[str, Tensor], _step: int, _total: int) -> None:
        """Set to zero what the masks forbid."""
        with torch.no_grad():
            for name, mask in self.masks.items():
                tensors[name].mul_(mask)
