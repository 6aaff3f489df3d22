"""Noise inputs: N(0, 1) in the place of a neighbourhood's activations, as in the paper."""

import hashlib
from collections.abc import Iterator

import torch
from torch import Tensor

from candidates.graph.neighbourhood import Neighbourhood
from candidates.stream import BATCH_BYTES, BATCH_SIZE
from candidates.teacher import Teacher


class NoiseInputs:
    """What a `Stream` at a neighbourhood's input is, of noise that is drawn when it is read.

    The noise of a number depends on it and the seed alone, so any batch may be asked for again;
    nothing is stored.
    """

    def __init__(self, shape: tuple[int, ...], count: int, seed: int, index: int = 0) -> None:
        """`shape` is that of one image's activations, `index` that of the neighbourhood."""
        self.shape = shape
        self.seed, self.index = seed, index
        self._count = count
        per_image = 4 * torch.Size(shape).numel()
        self.batch_size = max(1, min(BATCH_SIZE, BATCH_BYTES // per_image))

    @classmethod
    def of(
        cls, teacher: Teacher, neighbourhood: Neighbourhood, count: int, seed: int
    ) -> "NoiseInputs":
        """As many as `count` at this neighbourhood's input; every neighbourhood has its own."""
        example = torch.empty(1, *teacher.recipe.input, device="meta")
        (entering,) = teacher.network.on_meta().values(example, [neighbourhood.input])
        return cls(tuple(entering.shape[1:]), count, seed, neighbourhood.index)

    @property
    def kept_bytes(self) -> int:
        """Nothing."""
        return 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Tensor]:
        for start in range(0, len(self), self.batch_size):
            yield self.at(slice(start, start + self.batch_size))

    def first(self, count: int) -> "NoiseInputs":
        """Those of the first numbers alone."""
        return NoiseInputs(self.shape, min(count, len(self)), self.seed, self.index)

    def at(self, index: slice | Tensor) -> Tensor:
        """The noise of some numbers, [n, *shape]."""
        numbers = torch.arange(len(self))[index].tolist()
        return torch.stack([self._drawn(number) for number in numbers])

    def _drawn(self, number: int) -> Tensor:
        # The generator looks at 32 bits of its seed, which a plain sum would fill with neighbours.
        digest = hashlib.sha256(f"{self.seed}/{self.index}/{number}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
        return torch.randn(self.shape, generator=generator)
