"""Masks: weights that are zero and stay zero."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from candidates.graph.network import Network

NOTABLE = 0.01
"""Share of zeros that is no chance."""


@dataclass(frozen=True)
class FixedMasks:
    """A constraint: by tensor, True where a weight may be other than zero."""

    masks: Mapping[str, Tensor]

    @classmethod
    def of_zeros(cls, network: Network) -> "FixedMasks":
        """What is zero among the weights that are multiplied stays zero; empty if nothing is."""
        parameters = network.named_parameters()
        found = {name: values != 0 for name, values in parameters if values.dim() > 1}
        return cls({name: mask for name, mask in found.items() if not mask.all()})

    def notable(self) -> "FixedMasks":
        """Those that somebody will have wanted: tensors that are zero throughout, as some starts
        have them, or in less than 1 %, by chance, are free.
        """
        shares = {name: float(mask.float().mean()) for name, mask in self.masks.items()}
        wanted = {name for name, share in shares.items() if 0 < share <= 1 - NOTABLE}
        return FixedMasks({name: mask for name, mask in self.masks.items() if name in wanted})

    def apply(self, tensors: Mapping[str, Tensor], _step: int, _total: int) -> None:
        """Set to zero what the masks forbid."""
        with torch.no_grad():
            for name, mask in self.masks.items():
                tensors[name].mul_(mask.to(tensors[name].device))
