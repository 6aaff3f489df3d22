"""Pruning: weights go by their size while the others learn."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

RAMP = 0.75
"""Share of the steps in which sparsity rises; afterwards it holds."""


class PolynomialPruning:
    """A constraint: each named tensor's smallest weights become zero, more of them with every
    step, up to `sparsity`.

    After step t of T the share 1 − (1 − t / (RAMP·T))³ of the final sparsity is reached (Zhu and
    Gupta, 2017, To prune, or not to prune, equation 1, from a dense start). What once became zero
    stays zero; all of it does at once where there are no steps.
    """

    def __init__(self, names: Iterable[str], sparsity: float) -> None:
        self.sparsity = sparsity
        self._masks: dict[str, Tensor | None] = dict.fromkeys(names)

    def apply(self, tensors: Mapping[str, Tensor], step: int, total: int) -> None:
        """Bring the tensors to the sparsity of a step."""
        share = self.sparsity * progress(step, total)
        with torch.no_grad():
            for name, mask in self._masks.items():
                mask = _shrunk(mask, tensors[name], share)
                self._masks[name] = mask
                tensors[name].mul_(mask)


def progress(step: int, total: int) -> float:
    """The share of the final sparsity after a step."""
    done = 1.0 if total == 0 else min(1.0, step / (RAMP * total))
    return float(1 - (1 - done) ** 3)


def _shrunk(mask: Tensor | None, weight: Tensor, share: float) -> Tensor:
    """A mask without the given share of all weights, within the one before; at first that of the
    weights that are not zero, so that a run may go on in the middle.
    """
    mask = weight != 0 if mask is None else mask
    sizes = weight.abs().masked_fill(~mask, -1).flatten()
    gone = sizes.argsort(stable=True)[: round(share * sizes.numel())]
    result = mask.flatten().clone()
    result[gone] = False
    return result.reshape(weight.shape)
