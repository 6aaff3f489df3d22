"""Moments: means and products of the inputs of a linear operator, streamed in float64.

A convolution is linear in its im2col rows: H is [rows, d] with d = C·kh·kw, channel-major, so
that channel q owns the columns q·kh·kw … (q + 1)·kh·kw − 1; a linear layer has d = C.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

MAX_ROWS_BYTES = 64 * 2**20
"""im2col repeats its input kh·kw times, so it is done for few images at a time."""


class Centred(NamedTuple):
    """Covariances [d, d] and [d, t] with the means [d] and [t] that were taken out."""

    inputs: Tensor
    cross: Tensor
    input_mean: Tensor
    target_mean: Tensor


@dataclass
class Moments:
    """Sums over rows: of h [d], h·hᵀ [d, d], y [t] and h·yᵀ [d, t] for inputs h and targets y.

    Where a global average pooling follows (`pooled`), what counts is the error's mean over the P
    positions of an image as well. The mean row of every image is then added with weight P², so
    that ‖Σ_p δ_p‖² stands beside Σ_p ‖δ_p‖².
    """

    count: int
    input_sum: Tensor
    input_products: Tensor
    target_sum: Tensor
    cross_products: Tensor
    pooled: bool = False

    @classmethod
    def empty(cls, inputs: int, targets: int = 0, pooled: bool = False) -> "Moments":
        """No rows yet, for d inputs and t targets."""

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(*shape, dtype=torch.float64)

        products = zeros(inputs, inputs), zeros(targets), zeros(inputs, targets)
        return cls(0, zeros(inputs), *products, pooled)

    def add(self, module: nn.Module, inputs: Tensor, targets: Tensor | None = None) -> None:
        """Add a batch: the module's inputs [N, C, …] and targets of its output's shape."""
        per_image = inputs[0].numel() * _repeats(module) * inputs.element_size()
        step = max(1, MAX_ROWS_BYTES // per_image)
        for start in range(0, len(inputs), step):
            images = inputs[start : start + step]
            rows = rows_of(module, images)
            wanted = rows.new_empty(len(rows), 0)
            if targets is not None:
                wanted = targets[start : start + step].movedim(1, -1).reshape(len(rows), -1)
            self._add_rows(rows, wanted)
            if self.pooled:
                positions = len(rows) // len(images)
                self._add_rows(_means(rows, positions), _means(wanted, positions), positions**2)

    def centred(self, with_mean: bool = True) -> Centred:
        """Covariances if an intercept can absorb the means, else plain second moments."""
        mean, target_mean = self.input_sum / self.count, self.target_sum / self.count
        if not with_mean:
            mean, target_mean = torch.zeros_like(mean), torch.zeros_like(target_mean)
        return Centred(
            self.input_products / self.count - torch.outer(mean, mean),
            self.cross_products / self.count - torch.outer(mean, target_mean),
            mean,
            target_mean,
        )

    def _add_rows(self, rows: Tensor, targets: Tensor, weight: int = 1) -> None:
        self.count += weight * len(rows)
        self.input_sum += weight * rows.sum(0, dtype=torch.float64)
        self.input_products += weight * (rows.T @ rows).double()
        self.target_sum += weight * targets.sum(0, dtype=torch.float64)
        self.cross_products += weight * (rows.T @ targets).double()


def rows_of(module: nn.Module, inputs: Tensor) -> Tensor:
    """The rows [N·positions, d] in which an ungrouped convolution or a linear layer is linear."""
    if isinstance(module, nn.Linear):
        return inputs.reshape(-1, inputs.shape[-1])
    assert isinstance(module, nn.Conv2d)
    assert not isinstance(module.padding, str)
    columns = functional.unfold(
        inputs, module.kernel_size, module.dilation, module.padding, module.stride
    )
    return columns.transpose(1, 2).reshape(-1, columns.shape[1])


def _means(rows: Tensor, positions: int) -> Tensor:
    """The mean row of every image; images have `positions` consecutive rows each."""
    return rows.reshape(len(rows) // positions, positions, rows.shape[1]).mean(1)


def _repeats(module: nn.Module) -> int:
    return int(torch.tensor(getattr(module, "kernel_size", 1)).prod())
