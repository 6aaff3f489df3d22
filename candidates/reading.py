"""Reading: which columns of a linear call's rows belong to which index of a width.

Where the rows of a call are too long, its *pointwise* rows stand in for them: one channel-by-
channel matrix is then fitted for all taps of a kernel, or all positions that a flattened linear
layer reads, at once. It is a special case of the matrix that the full rows would give, so its
error is an upper bound on theirs. (Our own; channel-wise reconstruction as in He et al., 2017,
Channel Pruning, fits one *scalar* a channel.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from candidates.candidate import Kept
from candidates.graph.layout import Layout
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.linear_call import LinearCall, at_places, linear_calls

MAX_COLUMNS = 2304
"""Most columns of a row before the pointwise rows are used, if these are shorter."""

Owned = Mapping[str, Sequence[Sequence[int]]]
"""Width name -> for each index of the width, the input channels of the weight that it owns."""


@dataclass(frozen=True)
class Reading:
    """A linear call and its columns.

    `taps` [d, t] are the flat columns of the weight that column 0 … d − 1 of a row stands for; t
    is one for full rows. `owned` gives, for each index of a width, its columns of a row
    [size, block]. Rows are [groups, rows, d], matrices [groups, o / groups, d].
    """

    call: LinearCall
    taps: Tensor
    owned: Mapping[str, Tensor]

    @classmethod
    def of(cls, call: LinearCall, num_inputs: int, owned: Owned) -> "Reading":
        """`num_inputs` is the size of the weight's dimension 1."""
        channels = {width: torch.tensor(indices) for width, indices in owned.items()}
        size = call.num_taps
        every = torch.arange(num_inputs * size)
        if num_inputs * size <= MAX_COLUMNS:
            return cls(call, every.unsqueeze(1), {w: _spread(c, size) for w, c in channels.items()})
        if call.window is not None:
            return cls(call, every.reshape(num_inputs, size), channels)
        if len({each.shape[1] for each in channels.values()}) > 1:
            return cls(call, every.unsqueeze(1), channels)
        starts, result = 0, {}
        for width, each in channels.items():
            result[width] = torch.arange(starts, starts + len(each)).unsqueeze(1)
            starts += len(each)
        return cls(call, torch.cat(list(channels.values())), result)

    @classmethod
    def full(cls, call: LinearCall, num_inputs: int) -> "Reading":
        """The full rows, however long, without widths."""
        return cls(call, torch.arange(num_inputs * call.num_taps).unsqueeze(1), {})

    @property
    def num_columns(self) -> int:
        """d."""
        return len(self.taps)

    def rows(self, inputs: Tensor, places: Tensor | None = None) -> Tensor:
        """The rows of the call's inputs, those of one image beside each other; with `places`
        [N, p] those of some of its `num_places` alone.
        """
        if self.taps.shape[1] == 1:
            return self.call.rows(inputs, places)
        if self.call.window is not None:
            return self.call.points(inputs, places)
        rows = inputs[..., self.taps.T]
        return at_places(rows, places).reshape(1, -1, self.num_columns)

    def num_places(self, inputs: Tensor) -> int:
        """How many rows an image has."""
        if self.taps.shape[1] == 1:
            return self.call.num_places(inputs)
        if self.call.window is not None:
            return inputs[0, 0].numel()
        return inputs[0, ..., 0].numel() * self.taps.shape[1]

    def root(self, weight: Tensor, gain: Tensor) -> Tensor:
        """R [groups, r, d] in float64 with RᵀR = Σ_t W_tᵀW_t, where W_t are the weights of tap t
        with their rows scaled by `gain` [o]; r is at most d when there are many outputs.
        """
        products = torch.zeros(self.call.groups, self.num_columns, self.num_columns).double()
        for tap in self.taps.T:
            scaled = self._grouped(weight, tap) * gain.reshape(self.call.groups, -1, 1)
            if self.taps.shape[1] == 1 and scaled.shape[1] <= self.num_columns:
                return scaled
            products += scaled.mT @ scaled
        values, vectors = torch.linalg.eigh(products)
        root: Tensor = values.clamp(min=0).sqrt().unsqueeze(2) * vectors.mT
        return root

    def kept(self, kept: Kept) -> Tensor:
        """The columns of a row that remain, ascending: all but those of indices not kept."""
        remains = torch.ones(self.num_columns, dtype=torch.bool)
        for width, columns in self.owned.items():
            if width in kept:
                gone = torch.ones(len(columns), dtype=torch.bool)
                gone[list(kept[width])] = False
                remains[columns[gone]] = False
        return remains.nonzero().flatten()

    def solved(self, weight: Tensor, onto: Tensor, index: Tensor) -> Tensor:
        """The weight with W_t·B, B = `onto` [groups, d, s], in columns `index` [s] of every tap;
        other columns are left as they are, for whoever takes them out.
        """
        result = weight.detach().clone()
        flat = result.flatten(1)
        for tap in self.taps.T:
            best = self._grouped(weight, tap) @ onto
            flat[:, tap[index]] = best.flatten(0, 1).to(flat.dtype)
        return flat.reshape(weight.shape)

    def outputs(self, weight: Tensor, row: Tensor) -> Tensor:
        """What the call gives, without bias, where every tap sees a row [groups, d]; [o]."""
        total = torch.zeros(len(weight), dtype=torch.float64)
        for tap in self.taps.T:
            total += (self._grouped(weight, tap) @ row.unsqueeze(2)).flatten()
        return total

    def _grouped(self, weight: Tensor, tap: Tensor) -> Tensor:
        """The weights of a tap, [groups, o / groups, d] in float64."""
        matrix = weight.detach().flatten(1)[:, tap].double()
        return matrix.reshape(self.call.groups, -1, self.num_columns)


def readings_of(part: Network, layout: Layout, neighbourhood: Neighbourhood) -> dict[str, Reading]:
    """How the consumers of a neighbourhood's widths read them, by call, in running order."""
    tensors = part.tensors()
    names = {name for width in neighbourhood.widths for name in width.consumers}
    result = {}
    for call in linear_calls(part, names):
        owners = {
            width.name: layout.columns(call.name, width.name)
            for width in neighbourhood.widths
            if call.name in width.consumers
        }
        result[call.name] = Reading.of(call, tensors[call.weight].shape[1], owners)
    return result


def full_readings_of(whole: Network, part: Network) -> dict[str, Reading]:
    """The full rows of all linear calls of a part whose weight no other call of the whole reads,
    by call, in running order; those with more than MAX_COLUMNS columns are left out.
    """
    tensors, inside = whole.tensors(), {call.name for call in part.program.calls}
    found = (
        Reading.full(call, tensors[call.weight].shape[1]) for call in linear_calls(whole, inside)
    )
    return {each.call.name: each for each in found if each.num_columns <= MAX_COLUMNS}


def _spread(channels: Tensor, taps: int) -> Tensor:
    """The columns of channels [size, n] that own `taps` consecutive columns each."""
    return (channels.unsqueeze(2) * taps + torch.arange(taps)).flatten(1)
