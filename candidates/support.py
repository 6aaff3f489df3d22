"""Support: least squares where every row may be other than zero in some columns only."""

import torch
from torch import Tensor

from candidates.reconstruct import solve

LARGE = 0.8
"""A complement of this share of the support's size is no quicker to solve than the support."""


def on_support(gram: Tensor, right: Tensor, mask: Tensor) -> Tensor:
    """X [g, o, d] with x_S = (G_SS)⁻¹ r_S for every row r of `right` and its support S, and zero
    elsewhere.

    Rows of the same support are solved together. Of the two systems that give the same, the
    smaller is solved: that of S, or with P = G⁻¹ and Z what is not in S that of P_ZZ in
    x = P (r − E_Z (P_ZZ)⁻¹ (P r)_Z).
    """
    result = torch.zeros_like(right)
    for group, (each, wanted) in enumerate(zip(gram, right, strict=True)):
        supports, owners = mask[group].unique(dim=0, return_inverse=True)
        system = _System(each)
        for number, support in enumerate(supports):
            rows = owners == number
            result[group, rows] = system.solved(wanted[rows], support)
    return result


class _System:
    """A Gram [d, d] that is inverted as a whole when a support first leaves little of it out."""

    def __init__(self, gram: Tensor) -> None:
        self.gram = gram
        self._inverse: Tensor | None = None

    def solved(self, right: Tensor, support: Tensor) -> Tensor:
        """Rows [n, d] that are zero outside of `support` [d]."""
        kept, gone = support.nonzero().flatten(), (~support).nonzero().flatten()
        if len(gone) > LARGE * len(kept):
            result = torch.zeros_like(right)
            result[:, kept] = solve(_block(self.gram, kept), right[:, kept].mT).mT
            return result
        if len(gone):
            free = right @ self.inverse
            right = right.clone()
            right[:, gone] -= solve(_block(self.inverse, gone), free[:, gone].mT).mT
        return (right @ self.inverse).masked_fill(~support, 0)

    @property
    def inverse(self) -> Tensor:
        if self._inverse is None:
            self._inverse = torch.cholesky_inverse(torch.linalg.cholesky(self.gram))
        return self._inverse


def _block(matrix: Tensor, index: Tensor) -> Tensor:
    return matrix[index.unsqueeze(1), index]
