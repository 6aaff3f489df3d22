"""Reconstruct: closed forms for linear operators that lose inputs.

G is the d × d Gram matrix (or covariance) of the inputs H, W the o × d weights; index q of a
width owns some of the columns, equally many for each. Everything is float64, regularised by
λ·mean(diag G)·I, and batched over the groups of a grouped convolution.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

LARGEST_RIDGE = 1e6
ENOUGH_ROWS = 16
"""Rows a column from which a Gram is taken as it is."""
LARGEST_SHARE = 0.9
EXACT = 512
"""Most indices from which one at a time is removed; of n, n / EXACT are removed together."""


class Consumer(NamedTuple):
    """One linear reader of a width: Grams [g, d, d], weights [g, o, d], owned [size, block].

    Columns that no index owns belong to another width or none, and stay. Rows of `weight` should
    be scaled by what multiplies them afterwards, so that errors of all outputs count as they are
    seen by the rest of the network.
    """

    gram: Tensor
    weight: Tensor
    owned: Tensor


class Elimination(NamedTuple):
    """Indices in the order of removal, and the error in total after each removal.

    The error is the mean over rows of ‖Wh − Ŵh‖², summed over outputs, groups and consumers, with
    the best Ŵ on the columns left, the ridge term included. The last index is never removed.
    """

    order: tuple[int, ...]
    errors: tuple[float, ...]

    def kept(self, count: int) -> tuple[int, ...]:
        """The `count` indices that survive longest, ascending; nested for falling counts."""
        return tuple(sorted(self.order[len(self.order) - count :]))


def eliminate(consumers: Sequence[Consumer], ridge: float) -> Elimination:
    """Remove the cheapest index again and again: block Optimal Brain Surgeon.

    With P = G⁻¹, removing q costs tr(W_q (P_qq)⁻¹ W_qᵀ); what stays is updated by
    W ← W − W_q (P_qq)⁻¹ P_q: and P ← P − P_:q (P_qq)⁻¹ P_q: (Kurtic et al., 2023, ZipLM;
    Frantar et al., 2022, OBC). Consumers that share the width add their costs. Very wide widths
    lose their few cheapest indices together, with the exact error of each.
    """
    states = [_State(consumer, ridge) for consumer in consumers]
    alive = torch.arange(len(consumers[0].owned))
    order: list[int] = []
    errors = [0.0]
    while len(alive) > 1:
        costs = torch.stack([state.costs() for state in states]).sum(0)
        num_alive = int((~states[0].dead).sum())
        if num_alive == 1:
            break
        gone = costs.argsort()[: min(-(-num_alive // EXACT), num_alive - 1)]
        added = torch.stack([state.remove(gone) for state in states]).sum(0)
        errors += [errors[-1] + step for step in added.cumsum(0).tolist()]
        order += alive[gone].tolist()
        if int(states[0].dead.sum()) * 4 > len(alive):
            alive = alive[~states[0].dead]
            for state in states:
                state.compact()
    last = alive[~states[0].dead].tolist() if len(alive) > 1 else alive.tolist()
    return Elimination((*order, *last), tuple(errors[1:]))


def onto(gram: Tensor, index: Tensor, ridge: float) -> Tensor:
    """B [g, d, s] = G_:S (G_SS)⁻¹: the best weights on the columns S for the target WH are W·B.

    Unlike the updates of `eliminate` it carries no error from removal to removal.
    """
    regular = regularised(gram, ridge)
    right = regular[:, index]
    return solve(right[:, :, index], right).mT


def regularised(gram: Tensor, ridge: float) -> Tensor:
    """G + λ·mean(diag G)·I; an all-zero G becomes λ·I so that it can be inverted.

    Where inputs hardly vary, the noise of float32 sums may outweigh λ and G be no covariance any
    more: λ then grows tenfold until the result is positive definite.
    """
    if gram.dim() == 3:
        return torch.stack([regularised(each, ridge) for each in gram])
    identity = torch.eye(len(gram), dtype=gram.dtype)
    scale = float(gram.diagonal().abs().mean()) or 1.0
    result = gram + ridge * scale * identity
    while int(torch.linalg.cholesky_ex(result).info) and ridge < LARGEST_RIDGE:
        ridge *= 10
        result = gram + ridge * scale * identity
    return result


def shrunk(gram: Tensor, num_rows: int) -> Tensor:
    """A covariance of few rows with what is added to its diagonal to make it a better one.

    ρ is the oracle approximating shrinkage towards the mean of the diagonal (Chen et al., 2010,
    Shrinkage Algorithms for MMSE Covariance Estimation, equation 23), scaled so that all but the
    diagonal stays: G + ρ/(1 − ρ)·mean(diag G)·I.
    """
    size = gram.shape[-1]
    if num_rows >= ENOUGH_ROWS * size:
        return gram
    trace = gram.diagonal(dim1=-2, dim2=-1).sum(-1)
    squares = gram.square().sum((-2, -1))
    spread = (squares - trace.square() / size).clamp(min=0)
    share = (1 - 2 / size) * squares + trace.square()
    rho = (share / ((num_rows + 1 - 2 / size) * spread).clamp(min=1e-300)).clamp(max=LARGEST_SHARE)
    added = rho / (1 - rho) * trace / size
    return gram + added[..., None, None] * torch.eye(size, dtype=gram.dtype)


def solve(gram: Tensor, right: Tensor) -> Tensor:
    """G⁻¹ R for a symmetric positive definite G."""
    return torch.cholesky_solve(right, torch.linalg.cholesky(gram))


class _State:
    """P and W of one consumer on the owned columns, index by index; removed indices stay as zeros
    until `compact` drops them.

    The columns that stay are solved for by leaving them out here: P of the others is the inverse
    of their Schur complement.
    """

    def __init__(self, consumer: Consumer, ridge: float) -> None:
        owned = consumer.owned.flatten()
        factor = torch.linalg.cholesky(regularised(consumer.gram.double(), ridge))
        self.inverse = torch.cholesky_inverse(factor)[:, owned][:, :, owned]
        self.weight = consumer.weight.double()[:, :, owned]
        self.block = consumer.owned.shape[1]
        self.dead = torch.zeros(len(consumer.owned), dtype=torch.bool)

    def costs(self) -> Tensor:
        """tr(W_q (P_qq)⁻¹ W_qᵀ) for every index, summed over groups; infinite if removed."""
        count, block = len(self.dead), self.block
        blocks = self.inverse.unflatten(2, (count, block)).unflatten(1, (count, block))
        blocks = blocks.diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2).clone()
        blocks[:, self.dead] = torch.eye(block, dtype=blocks.dtype)
        solved = torch.cholesky_solve(self._products(), torch.linalg.cholesky(blocks))
        costs = solved.diagonal(dim1=2, dim2=3).sum((0, 2))
        return costs.masked_fill(self.dead, torch.inf)

    def remove(self, indices: Tensor) -> Tensor:
        """Remove some indices together; gives what each adds to the error after those before."""
        gone = _columns(indices, self.block)
        rows = self.inverse[:, gone]
        factor = torch.linalg.cholesky(rows[:, :, gone])
        lost = self.weight[:, :, gone]
        added: Tensor = torch.linalg.solve_triangular(factor, lost.mT, upper=False).square()
        update = torch.cholesky_solve(rows, factor)
        self.weight.baddbmm_(lost, update, alpha=-1)
        self.inverse.baddbmm_(rows.mT, update, alpha=-1)
        self.weight[:, :, gone], self.inverse[:, gone], self.inverse[:, :, gone] = 0, 0, 0
        self.dead[indices] = True
        return added.sum((0, 2)).reshape(-1, self.block).sum(1)

    def compact(self) -> None:
        """Forget the removed indices: later steps then take time in proportion to what is left."""
        kept = _columns(torch.nonzero(~self.dead).flatten(), self.block)
        self.inverse = self.inverse[:, kept][:, :, kept].contiguous()
        self.weight = self.weight[:, :, kept].contiguous()
        self.dead = self.dead[~self.dead]

    def _products(self) -> Tensor:
        """W_qᵀW_q [g, n, block, block] for every index."""
        if self.block == 1:  # what a batched product is slow at
            return self.weight.square().sum(1)[:, :, None, None]
        weight: Tensor = self.weight.unflatten(2, (-1, self.block)).permute(0, 2, 3, 1)
        return weight @ weight.mT


def _columns(indices: Tensor, block: int) -> Tensor:
    """The columns of indices that own `block` consecutive columns each."""
    return (indices.unsqueeze(1) * block + torch.arange(block)).flatten()
