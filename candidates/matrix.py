"""Matrix: the weight of a linear call, with all that is known of what it reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from candidates.anchors import Anchor, find_anchors
from candidates.bench import Bench
from candidates.candidate import Kept
from candidates.graph.network import Network
from candidates.linear_call import linear_calls
from candidates.obc import Trace, smallest, survivors, swept, trace
from candidates.reconstruct import regularised

MAX_WORK = 4e10
"""Rows · columns³ of a weight up to which every row is pruned with an inverse of its own."""
SET = 4
"""Neighbouring input channels of which two are zero in 2:4 sparsity."""


@dataclass(frozen=True)
class Matrix:
    """A linear call's weight [g, o, d] with what multiplies its rows [g, o, 1], the means [g, d] of
    its inputs and their regularised Gram [g, d, d], all in float64; neither means nor Gram where
    rows were too long to gather them.
    """

    anchor: Anchor
    weight: Tensor
    gain: Tensor
    mean: Tensor | None
    gram: Tensor | None

    @property
    def name(self) -> str:
        """The call's."""
        return self.anchor.call.name

    @property
    def is_exact(self) -> bool:
        """Whether its rows can be pruned one weight at a time."""
        groups, outputs, columns = self.weight.shape
        return self.gram is not None and groups * outputs * columns**3 <= MAX_WORK

    @property
    def sets(self) -> Tensor | None:
        """Columns [n, 4] of neighbouring input channels at the same tap, as hardware pairs them;
        None where channels do not come in fours.
        """
        taps = self.anchor.call.num_taps
        columns = torch.arange(self.weight.shape[2]).reshape(-1, taps)
        return columns.T.reshape(-1, SET) if len(columns) % SET == 0 else None

    @cached_property
    def trace(self) -> Trace:
        """Every row without 1, 2, … and all of its weights."""
        assert self.gram is not None
        return trace(self.gram, self.weight * self.gain, self.weight.shape[2])

    def swept(self, sparsity: float) -> Tensor:
        """A mask with that share of zeros, by an inverse that rows share; by the size of weights
        where there is no Gram.
        """
        weight = self.weight * self.gain
        if self.gram is None:
            return smallest(weight, sparsity)
        return swept(self.gram, weight, sparsity)

    def halved(self, sets: Tensor) -> Tensor:
        """A mask with half of every set."""
        weight = self.weight * self.gain
        if self.gram is None:
            return smallest(weight, 0.5, sets)
        if not self.is_exact:
            return swept(self.gram, weight, 0.5, sets)
        half = weight.shape[2] // 2
        found = trace(self.gram, weight, half, sets)
        return found.mask(torch.full(weight.shape[:2], half), weight.shape[2])

    def write(self, network: Network, mask: Tensor) -> None:
        """Set what the mask leaves out to zero, and the others to the best for the same outputs."""
        tensors = network.tensors()
        weight = tensors[self.anchor.call.weight]
        found = self.weight * mask
        if self.gram is not None:
            found = survivors(self.gram, self.weight, mask)
        weight.data.copy_(found.reshape(weight.shape))
        self.keep_means(tensors, found)

    def keep_means(self, tensors: Mapping[str, Tensor], found: Tensor) -> None:
        """Move what weights [g, o, d] in the place of its own would add to the outputs' means into
        the intercept, where there is one.
        """
        if self.mean is not None and self.anchor.takes_intercept:
            missed = (self.weight - found) @ self.mean.unsqueeze(2)
            self.anchor.add_intercept(tensors, missed.flatten())


def matrices_of(bench: Bench, network: Network, kept: Kept) -> list[Matrix]:
    """Those of a neighbourhood's linear calls in a network that keeps these indices of its widths,
    in running order; calls that share their weight with others are left out.
    """
    calls = linear_calls(network, bench.calls)
    return [_matrix(bench, network, anchor, kept) for anchor in find_anchors(network, calls)]


def _matrix(bench: Bench, network: Network, anchor: Anchor, kept: Kept) -> Matrix:
    call, tensors = anchor.call, network.tensors()
    weight = (
        tensors[call.weight].detach().double().reshape(call.groups, -1, _columns(network, anchor))
    )
    gain = anchor.gain(tensors).reshape(*weight.shape[:2], 1)
    gram = bench.full_gram(call.name)
    if gram is None:
        return Matrix(anchor, weight, gain, None, None)
    layout, whole = bench.teacher.layout, bench.calls[call.name]
    per_group = len(bench.tensors[call.weight]) // whole.groups
    groups = sorted({row // per_group for row in layout.kept_rows(call.name, kept)})
    channels = torch.tensor(layout.kept_columns(call.name, kept)).unsqueeze(1)
    columns = (channels * call.num_taps + torch.arange(call.num_taps)).flatten()
    mean = bench.moments(call.name).centred().input_mean[groups][:, columns]
    few = gram[groups][:, columns][:, :, columns]
    return Matrix(anchor, weight, gain, mean, regularised(few, bench.recipe.ridge))


def _columns(network: Network, anchor: Anchor) -> int:
    return network.tensors()[anchor.call.weight][0].numel()
