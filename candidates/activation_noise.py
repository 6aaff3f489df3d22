"""Activation noise: Gaussian noise behind neighbourhoods, which teachers learn to bear."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from candidates.graph.network import Network


@dataclass(frozen=True)
class ActivationNoise:
    """N(0, σ²) that is added to the named values of a network (Shao et al., appendix B.1).

    The network itself stays as it is: only what runs through `run` is disturbed.
    """

    values: Collection[str]
    sigma: float

    def run(self, network: Network, inputs: Tensor) -> Tensor:
        """The network's output, disturbed by draws of torch's global generators."""

        def disturb(name: str, value: Any) -> Any:
            if name not in self.values:
                return None
            return value + self.sigma * torch.randn_like(value)

        (output,) = network.values(inputs, [network.program.output], disturb)
        result: Tensor = output
        return result
