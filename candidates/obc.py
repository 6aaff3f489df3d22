"""OBC: which weights of a linear call are cheapest to set to zero, and the best of the others.

Gram matrices of the inputs are [g, d, d] for g groups, regularised; weights are [g, o, d], with
rows scaled by what multiplies them afterwards. Everything is float64.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from candidates.support import on_support

TOGETHER = 32
"""Removals before the inverse is brought up to date."""
MAX_BYTES = 256 * 2**20
"""Every row needs an inverse of its own, so only some rows are worked on at a time."""
SWEPT = 128
"""Columns for which a sweep chooses at once."""


class Trace(NamedTuple):
    """For every row [g, o, n] the columns in the order of their removal, and what each removal
    adds to the mean over inputs of ‖Wh − Ŵh‖².
    """

    order: Tensor
    losses: Tensor

    @property
    def keys(self) -> Tensor:
        """Losses that never fall along a row: sorted over all rows, the cheapest come first and no
        removal comes before one that it builds upon.
        """
        return self.losses.cummax(2).values

    def mask(self, counts: Tensor, num_columns: int) -> Tensor:
        """True [g, o, d] for what is left when every row loses its first `counts` [g, o]."""
        stays = torch.arange(self.order.shape[2]) >= counts.unsqueeze(2)
        left = torch.ones(*counts.shape, num_columns, dtype=torch.bool)
        return left.scatter(2, self.order, stays)


def trace(gram: Tensor, weight: Tensor, num_removals: int, sets: Tensor | None = None) -> Trace:
    """Remove `num_removals` weights of every row, always the cheapest of what is left.

    With P the inverse of the Gram of a row's remaining columns, removing q costs w_q²/P_qq and
    turns the row into w − P_:q w_q/P_qq (Frantar and Alistarh, 2022, Optimal Brain Compression).
    `sets` [n, m] parts all columns into sets of which at most half may go, as in 2:4 sparsity.
    """
    groups, outputs, columns = weight.shape
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(gram))
    rows, owners = weight.reshape(-1, columns), torch.arange(groups).repeat_interleave(outputs)
    step = max(1, MAX_BYTES // (8 * columns**2))
    found = [
        _Rows(inverse[mine], some, sets).removed(num_removals)
        for mine, some in zip(owners.split(step), rows.split(step), strict=True)
    ]
    orders, losses = (torch.cat(each) for each in zip(*found, strict=True))
    return Trace(orders.reshape(groups, outputs, -1), losses.reshape(groups, outputs, -1))


def swept(gram: Tensor, weight: Tensor, share: float, sets: Tensor | None = None) -> Tensor:
    """A mask [g, o, d] from one sweep over the columns with an inverse that all rows share, where
    `trace` would take too long (Frantar and Alistarh, 2023, SparseGPT).

    Of 128 columns at a time the given share of all rows' weights goes; with `sets`, half of each
    set in every row.
    """
    order = torch.arange(weight.shape[2]) if sets is None else sets.flatten()
    masks = [
        _swept(each[order][:, order], rows[:, order], share, sets)
        for each, rows in zip(gram, weight, strict=True)
    ]
    return torch.stack(masks)[:, :, order.argsort()]


def smallest(weight: Tensor, share: float, sets: Tensor | None = None) -> Tensor:
    """A mask [g, o, d] without the given share of the smallest weights; with `sets`, without the
    smaller half of each set in every row.
    """
    sizes = weight.abs()
    if sets is None:
        return _dearest(sizes, share)
    halves = _better_half(sizes[:, :, sets])
    return torch.ones_like(halves.flatten(2)).scatter(
        2, sets.flatten().expand_as(weight), halves.flatten(2)
    )


def survivors(gram: Tensor, weight: Tensor, mask: Tensor) -> Tensor:
    """The best Ŵ [g, o, d] for the target Wh that is zero outside of `mask`: least squares, row by
    row, ŵ_S = (G_SS)⁻¹ (G w)_S.
    """
    return on_support(gram, weight @ gram, mask)


class _Rows:
    """Some rows that lose their weights in step, each its own; [r, n], inverses [r, n, n].

    An inverse is the one given less U·Uᵀ, with a column of U for each recent removal; it is
    brought up to date, and removed columns are dropped, once in a while.
    """

    def __init__(self, inverse: Tensor, weight: Tensor, sets: Tensor | None) -> None:
        self.inverse, self.weight = inverse, weight.clone()
        self.every = torch.arange(len(weight))
        self.columns = torch.arange(weight.shape[1]).expand_as(weight)
        self.set_of = None if sets is None else sets.flatten().argsort() // sets.shape[1]
        if sets is not None:
            self.quota = torch.full((len(weight), len(sets)), sets.shape[1] // 2)

    def removed(self, count: int) -> tuple[Tensor, Tensor]:
        """The columns removed [r, count], in order, and the loss that each adds."""
        parts = [self._remove(min(TOGETHER, count - start)) for start in range(0, count, TOGETHER)]
        if not parts:
            return self.columns[:, :0], self.weight[:, :0]
        orders, losses = zip(*parts, strict=True)
        return torch.cat(orders, 1), torch.cat(losses, 1)

    def _remove(self, count: int) -> tuple[Tensor, Tensor]:
        updates = self.weight.new_zeros(*self.weight.shape, count)
        diagonal = self.inverse.diagonal(dim1=1, dim2=2).clone()
        places = torch.empty(len(self.weight), count, dtype=torch.long)
        losses = self.weight.new_empty(len(self.weight), count)
        gone = torch.zeros_like(self.weight, dtype=torch.bool)
        for step in range(count):
            costs = (self.weight.square() / diagonal).masked_fill(gone | self._full(), torch.inf)
            losses[:, step], chosen = costs.min(1)
            recent = updates[:, :, :step]
            column = self.inverse[self.every, chosen].unsqueeze(2)
            column = column.baddbmm(recent, recent[self.every, chosen].unsqueeze(2), alpha=-1)
            update = column.squeeze(2) / diagonal[self.every, chosen].sqrt().unsqueeze(1)
            pivot = update[self.every, chosen]
            self.weight -= update * (self.weight[self.every, chosen] / pivot).unsqueeze(1)
            diagonal -= update.square()
            updates[:, :, step], places[:, step] = update, chosen
            gone[self.every, chosen] = True
            self._count(chosen)
        self.inverse.baddbmm_(updates, updates.mT, alpha=-1)
        order = self.columns.gather(1, places)
        self._drop(gone)
        return order, losses

    def _full(self) -> Tensor:
        """Places whose set has lost its half."""
        if self.set_of is None:
            return torch.tensor(False)
        return self.quota.gather(1, self.set_of[self.columns]) == 0

    def _count(self, chosen: Tensor) -> None:
        if self.set_of is not None:
            self.quota[self.every, self.set_of[self.columns[self.every, chosen]]] -= 1

    def _drop(self, gone: Tensor) -> None:
        size = gone.shape[1] - int(gone[0].sum())
        kept = (~gone).nonzero()[:, 1].reshape(len(gone), size)
        self.columns, self.weight = self.columns.gather(1, kept), self.weight.gather(1, kept)
        rows = self.inverse.gather(1, kept.unsqueeze(2).expand(-1, -1, gone.shape[1]))
        self.inverse = rows.gather(2, kept.unsqueeze(1).expand(-1, size, -1))


def _swept(gram: Tensor, weight: Tensor, share: float, sets: Tensor | None) -> Tensor:
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(gram))
    factor = torch.linalg.cholesky(inverse, upper=True)
    weight, mask = weight.clone(), torch.ones_like(weight, dtype=torch.bool)
    step = SWEPT if sets is None else sets.shape[1]
    for start in range(0, weight.shape[1], step):
        end = min(start + step, weight.shape[1])
        costs = weight[:, start:end].square() / factor.diagonal()[start:end].square()
        mask[:, start:end] = _dearest(costs, share) if sets is None else _better_half(costs)
        errors = torch.zeros_like(costs)
        for column in range(start, end):
            lost = weight[:, column].masked_fill(mask[:, column], 0)
            error = lost / factor[column, column]
            weight[:, column:end] -= error.outer(factor[column, column:end])
            errors[:, column - start] = error
        weight[:, end:] -= errors @ factor[start:end, end:]
    return mask


def _dearest(costs: Tensor, share: float) -> Tensor:
    """True for all but the given share of all costs."""
    gone = costs.flatten().argsort()[: round(share * costs.numel())]
    mask = torch.ones(costs.numel(), dtype=torch.bool)
    mask[gone] = False
    return mask.reshape(costs.shape)


def _better_half(costs: Tensor) -> Tensor:
    """True for the larger half along the last dimension."""
    return costs.argsort(-1).argsort(-1) >= costs.shape[-1] // 2
