"""Moments: means and products of the rows of a linear call, streamed in float64."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from candidates.reading import Reading

MAX_ROWS_BYTES = 64 * 2**20
"""im2col repeats its input kh·kw times, so it is done for few images at a time."""


ROWS_PER_COLUMN = 256
"""How many rows a column are enough for all images together."""
FEWEST_ROWS = 64
"""What is read of an image in any case, as far as it has them: that costs next to nothing."""


class Sample(NamedTuple):
    """Which rows are read of an image that has more: so many, spread evenly, drawn by a seed."""

    rows_per_image: int
    seed: int = 0

    @classmethod
    def of(cls, num_columns: int, num_images: int, seed: int) -> "Sample":
        """As many as are enough for a Gram of so many columns."""
        enough = -(-ROWS_PER_COLUMN * num_columns // max(1, num_images))
        return cls(max(FEWEST_ROWS, enough), seed)

    def places(self, num_images: int, num_places: int, known: int) -> Tensor | None:
        """Positions [images, rows_per_image], one at random of every stretch of equal length;
        None for all. `known` counts the rows before these, so that each batch has others.
        """
        if num_places <= self.rows_per_image:
            return None
        # The generator looks at few bits of its seed, which a plain sum would mix up.
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + known)
        drawn = torch.rand(num_images, self.rows_per_image, generator=generator)
        stretches = torch.arange(self.rows_per_image) + drawn.double()
        return (stretches * (num_places / self.rows_per_image)).long().clamp(max=num_places - 1)


class Centred(NamedTuple):
    """Covariances [g, d, d] and [g, d, t] with the means [g, d] and [g, t] that were taken out."""

    inputs: Tensor
    cross: Tensor
    input_mean: Tensor
    target_mean: Tensor


@dataclass
class Moments:
    """Sums over rows: of h [g, d], h·hᵀ [g, d, d], y [g, t] and h·yᵀ [g, d, t] for inputs h and
    targets y, in each of g groups.

    Where a global average pooling follows (`pooled`), what counts is the error's mean over the P
    positions of an image as well. The mean row of every image is then added with weight P², so
    that ‖Σ_p δ_p‖² stands beside Σ_p ‖δ_p‖². `count` is the sum of weights, `num_rows` without.
    With a `sample` only some rows of every image are read, unless their mean counts.
    """

    count: int
    num_rows: int
    input_sum: Tensor
    input_products: Tensor
    target_sum: Tensor
    cross_products: Tensor
    pooled: bool = False
    sample: Sample | None = None

    @classmethod
    def empty(
        cls,
        inputs: int,
        targets: int = 0,
        pooled: bool = False,
        groups: int = 1,
        sample: Sample | None = None,
    ) -> "Moments":
        """No rows yet, for d inputs and t targets in every group."""

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(groups, *shape, dtype=torch.float64)

        products = zeros(inputs, inputs), zeros(targets), zeros(inputs, targets)
        return cls(0, 0, zeros(inputs), *products, pooled, sample)

    def add(self, reading: Reading, inputs: Tensor, targets: Tensor | None = None) -> None:
        """Add a batch: inputs of the call, the images first, and targets of its output's shape."""
        per_image = inputs[0].numel() * reading.call.num_taps * inputs.element_size()
        step = max(1, MAX_ROWS_BYTES // per_image)
        for start in range(0, len(inputs), step):
            images = inputs[start : start + step]
            places = self._places(len(images), reading.num_places(images))
            rows = reading.rows(images, places)
            wanted = rows.new_empty(*rows.shape[:2], 0)
            if targets is not None:
                wanted = reading.call.outputs(targets[start : start + step], places)
            self._add_rows(rows, wanted)
            self.num_rows += rows.shape[1]
            if self.pooled:
                positions = rows.shape[1] // len(images)
                self._add_rows(_means(rows, positions), _means(wanted, positions), positions**2)

    def centred(self, with_mean: bool = True) -> Centred:
        """Covariances if an intercept can absorb the means, else plain second moments."""
        mean, target_mean = self.input_sum / self.count, self.target_sum / self.count
        if not with_mean:
            mean, target_mean = torch.zeros_like(mean), torch.zeros_like(target_mean)
        return Centred(
            self.input_products / self.count - mean.unsqueeze(2) * mean.unsqueeze(1),
            self.cross_products / self.count - mean.unsqueeze(2) * target_mean.unsqueeze(1),
            mean,
            target_mean,
        )

    def _places(self, num_images: int, num_places: int) -> Tensor | None:
        if self.sample is None or self.pooled:
            return None
        return self.sample.places(num_images, num_places, self.num_rows)

    def _add_rows(self, rows: Tensor, targets: Tensor, weight: int = 1) -> None:
        """Products are taken without the means of these rows, which come back in float64: where
        they are large, products in float32 would drown what varies.
        """
        count, mean, target_mean = rows.shape[1], rows.mean(1), targets.mean(1)
        rows, targets = rows - mean.unsqueeze(1), targets - target_mean.unsqueeze(1)
        rest, target_rest = (each.sum(1, dtype=torch.float64) for each in (rows, targets))
        mean, target_mean = mean.double(), target_mean.double()
        total, target_total = rest + count * mean, target_rest + count * target_mean
        self.count += weight * count
        self.input_sum += weight * total
        self.target_sum += weight * target_total
        self.input_products += weight * (rows.mT @ rows)
        self.cross_products += weight * (rows.mT @ targets)
        around = torch.stack([total, mean], 2)
        self.input_products.baddbmm_(around, torch.stack([mean, rest], 1), alpha=weight)
        around_targets = torch.stack([target_mean, target_rest], 1)
        self.cross_products.baddbmm_(around, around_targets, alpha=weight)


def _means(rows: Tensor, positions: int) -> Tensor:
    """The mean row of every image; images have `positions` consecutive rows each."""
    groups, count, size = rows.shape  # of size 0 where nothing is asked for
    return rows.reshape(groups, count // positions, positions, size).mean(2)
