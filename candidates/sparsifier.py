"""Sparsifier: which weights of a network's linear calls may go, so that its output stays."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from candidates.graph.network import Network
from candidates.inputs import Inputs
from candidates.matrix import Matrix

PROBE = 0.7
"""Sparsity at which it is measured how much a call's error matters."""
NUM_PROBED = 256
"""Images on which that is measured."""
SMALLEST = 1e-300
Masks = dict[str, Tensor]
"""Call -> True [g, o, d] for weights that may be other than zero."""


class Sparsifier:
    """Of one network, which stays as it is, and of the activations at its input."""

    def __init__(self, network: Network, matrices: Sequence[Matrix], inputs: Inputs) -> None:
        self.network = network
        self.matrices = matrices
        self._inputs = inputs
        self._shared = [matrix for matrix in matrices if matrix.is_exact]

    def masks(self, sparsity: float) -> Masks:
        """That share of all weights becomes zero: where it is cheapest in all rows of all calls
        that can be pruned one weight at a time; in each of the other calls that share.
        """
        keys = [
            matrix.trace.keys * rate for matrix, rate in zip(self._shared, self._rates, strict=True)
        ]
        result = dict(zip(self._names, _cheapest(keys, self._shared, sparsity), strict=True))
        for matrix in self.matrices:
            if not matrix.is_exact:
                result[matrix.name] = matrix.swept(sparsity)
        return result

    def halves(self) -> Masks:
        """Two of four neighbouring input channels of every weight whose channels come in fours."""
        sets = {matrix.name: matrix.sets for matrix in self.matrices}
        return {
            matrix.name: matrix.halved(found)
            for matrix in self.matrices
            if (found := sets[matrix.name]) is not None
        }

    def sparse(self, masks: Masks) -> Network:
        """A copy of the network with these masks, every call solved for its own outputs."""
        result = self.network.copied()
        for matrix in self.matrices:
            if matrix.name in masks:
                matrix.write(result, masks[matrix.name])
        return result

    @property
    def _names(self) -> list[str]:
        return [matrix.name for matrix in self._shared]

    @cached_property
    def _rates(self) -> list[float]:
        """For every call that shares, the squared error at the network's output that comes with
        one unit of its own: measured, since what lies between is not linear.
        """
        if len(self._shared) < 2:
            return [1.0] * len(self._shared)
        return [self._rate(matrix) for matrix in self._shared]

    def _rate(self, matrix: Matrix) -> float:
        (mask,) = _cheapest([matrix.trace.keys], [matrix], PROBE)
        gone = (~mask).sum(2, keepdim=True)
        inside = torch.arange(mask.shape[2]) < gone
        own = float(matrix.trace.losses[inside].sum())
        images = self._inputs.at(slice(0, NUM_PROBED))
        with torch.inference_mode():
            found = self.sparse({matrix.name: mask})(images)
            error = float((found - self.network(images)).square().mean())
        return error / max(own, SMALLEST)


def _cheapest(keys: Sequence[Tensor], matrices: Sequence[Matrix], sparsity: float) -> list[Tensor]:
    """The masks without that share of all weights, those with the smallest keys."""
    if not keys:
        return []
    every = torch.cat([each.flatten() for each in keys])
    gone = torch.zeros(len(every), dtype=torch.bool)
    gone[every.argsort(stable=True)[: round(sparsity * len(every))]] = True
    parts = gone.split([each.numel() for each in keys])
    return [
        matrix.trace.mask(part.reshape(each.shape).sum(2), matrix.weight.shape[2])
        for matrix, each, part in zip(matrices, keys, parts, strict=True)
    ]
