"""Drop path: makes stochastic depth visible to a trace in eval mode, where it does nothing."""

import copy

from torch import Tensor, nn
from torch.nn import functional

NAMES = {"StochasticDepth": "p", "DropPath": "drop_prob"}
"""Class names of the layers in use, and where each keeps its probability."""


class DropPath(nn.Module):
    """Drops whole images' branches while training, by a dropout of one number an image.

    In eval mode it multiplies by one, which changes no bit.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, branch: Tensor) -> Tensor:
        """A branch's output [N, …] to the same, scaled by 1/(1 − p) or zeroed image by image."""
        ones = branch.new_ones([len(branch)] + [1] * (branch.dim() - 1))
        return branch * functional.dropout(ones, self.probability, self.training)


def with_visible_drop_path(network: nn.Module) -> nn.Module:
    """The network, or a copy that shares its tensors, with every stochastic depth replaced."""
    found = {name: layer for name, layer in network.named_modules() if _probability(layer) > 0}
    if not found:
        return network
    shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    result = copy.deepcopy(network, dict(shared))
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(result.get_submodule(parent), last, DropPath(_probability(layer)))
    return result.eval()


def _probability(layer: nn.Module) -> float:
    attribute = NAMES.get(type(layer).__name__)
    return float(getattr(layer, attribute, 0.0) or 0.0) if attribute else 0.0
