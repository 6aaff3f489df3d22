"""Reconstruct: closed forms for a linear operator that loses inputs.

G is the d × d Gram matrix (or covariance) of the inputs H, W the o × d weights; channel q owns
`block` consecutive columns. Everything is float64 and regularised by λ·mean(diag G)·I.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

LARGEST_RIDGE = 1e6


class Consumer(NamedTuple):
    """One linear reader of a width: its Gram [d, d] and weights [o, d], with d = channels·block.

    Rows of `weight` should be scaled by what multiplies them afterwards, so that errors of all
    outputs count as they are seen by the rest of the network.
    """

    gram: Tensor
    weight: Tensor
    block: int


class Elimination(NamedTuple):
    """Channels in the order of removal, and the error in total after each removal.

    The error is the mean over rows of ‖Wh − Ŵh‖², summed over outputs and consumers, with the
    best Ŵ on the channels left, the ridge term included. The last channel is never removed.
    """

    order: tuple[int, ...]
    errors: tuple[float, ...]

    def kept(self, count: int) -> tuple[int, ...]:
        """The `count` channels that survive longest, ascending; nested for falling counts."""
        return tuple(sorted(self.order[len(self.order) - count :]))


def eliminate(consumers: Sequence[Consumer], ridge: float) -> Elimination:
    """Remove the cheapest channel again and again: block Optimal Brain Surgeon.

    With P = G⁻¹, removing q costs tr(W_q (P_qq)⁻¹ W_qᵀ); what stays is updated by
    W ← W − W_q (P_qq)⁻¹ P_q: and P ← P − P_:q (P_qq)⁻¹ P_q: (Kurtic et al., 2023, ZipLM;
    Frantar et al., 2022, OBC). Consumers that share the width add their costs.
    """
    states = [_State(consumer, ridge) for consumer in consumers]
    num_channels = states[0].num_channels
    alive = list(range(num_channels))
    order: list[int] = []
    errors: list[float] = []
    total = 0.0
    while len(order) < num_channels - 1:
        costs = torch.stack([state.costs() for state in states]).sum(0)
        position = int(costs.argmin())
        total += float(costs[position])
        errors.append(total)
        order.append(alive[position])
        for state in states:
            state.remove(position)
        if int(states[0].dead.sum()) * 4 > len(alive):
            alive = [channel for channel in alive if channel not in order]
            for state in states:
                state.compact()
    last = next(channel for channel in alive if channel not in order)
    return Elimination((*order, last), tuple(errors))


def best_weights(
    gram: Tensor, weight: Tensor, kept: Sequence[int], block: int, ridge: float
) -> Tensor:
    """The least-squares weights [o, len(kept)·block] on the kept channels for the target WH.

    Solves Ŵ G_SS = W G_:S; unlike the updates of `eliminate` it carries no error from removal to
    removal.
    """
    index = columns(kept, block)
    regular = regularised(gram, ridge)
    right = weight.double() @ regular[:, index]
    return solve(regular[index][:, index], right.T).T


def columns(channels: Sequence[int], block: int) -> Tensor:
    """The indices of the columns that the channels own, channel by channel."""
    starts = torch.tensor(list(channels)).unsqueeze(1) * block
    return (starts + torch.arange(block)).flatten()


def regularised(gram: Tensor, ridge: float) -> Tensor:
    """G + λ·mean(diag G)·I; an all-zero G becomes λ·I so that it can be inverted.

    Where inputs hardly vary, the noise of float32 sums may outweigh λ and G be no covariance any
    more: λ then grows tenfold until the result is positive definite.
    """
    identity = torch.eye(len(gram), dtype=gram.dtype)
    scale = float(gram.diagonal().abs().mean()) or 1.0
    result = gram + ridge * scale * identity
    while int(torch.linalg.cholesky_ex(result).info) and ridge < LARGEST_RIDGE:
        ridge *= 10
        result = gram + ridge * scale * identity
    return result


def solve(gram: Tensor, right: Tensor) -> Tensor:
    """G⁻¹ R for a symmetric positive definite G."""
    return torch.cholesky_solve(right, torch.linalg.cholesky(gram))


class _State:
    """P and W of one consumer; removed channels stay as zeros until `compact` drops them."""

    def __init__(self, consumer: Consumer, ridge: float) -> None:
        factor = torch.linalg.cholesky(regularised(consumer.gram.double(), ridge))
        self.inverse = torch.cholesky_inverse(factor)
        self.weight = consumer.weight.double().clone()
        self.block = consumer.block
        self.dead = torch.zeros(len(self.inverse) // self.block, dtype=torch.bool)

    @property
    def num_channels(self) -> int:
        return len(self.dead)

    def costs(self) -> Tensor:
        """tr(W_q (P_qq)⁻¹ W_qᵀ) for every channel; infinite for those removed."""
        count, block = self.num_channels, self.block
        blocks = self.inverse.view(count, block, count, block).diagonal(dim1=0, dim2=2)
        blocks = blocks.permute(2, 0, 1).clone()
        blocks[self.dead] = torch.eye(block, dtype=blocks.dtype)
        weight = self.weight.view(-1, count, block).permute(1, 2, 0)
        costs: Tensor = (weight * torch.linalg.solve(blocks, weight)).sum((1, 2))
        return costs.masked_fill(self.dead, torch.inf)

    def remove(self, channel: int) -> None:
        gone = slice(channel * self.block, (channel + 1) * self.block)
        row = torch.linalg.solve(self.inverse[gone, gone], self.inverse[gone])
        self.weight -= self.weight[:, gone] @ row
        self.inverse -= self.inverse[:, gone].clone() @ row
        self.weight[:, gone], self.inverse[gone], self.inverse[:, gone] = 0, 0, 0
        self.dead[channel] = True

    def compact(self) -> None:
        """Forget the removed channels: later steps then take time in proportion to what is left."""
        kept = columns(torch.nonzero(~self.dead).flatten().tolist(), self.block)
        self.inverse = self.inverse[kept][:, kept].contiguous()
        self.weight = self.weight[:, kept].contiguous()
        self.dead = self.dead[~self.dead]
