"""Draws: which images each step of a refinement sees."""

import torch
from torch import Tensor


class Draws:
    """All images in random order, again and again in another; a function of seed and step alone."""

    def __init__(self, num_images: int, batch_size: int, seed: int) -> None:
        self._num_images, self._batch_size, self._seed = num_images, batch_size, seed
        self._known: dict[int, Tensor] = {}

    def at(self, step: int) -> Tensor:
        """The indices [batch_size] of a step, which counts from 0."""
        numbers = torch.arange(step * self._batch_size, (step + 1) * self._batch_size)
        passes, places = numbers // self._num_images, numbers % self._num_images
        return torch.cat(
            [self._order(each)[places[passes == each]] for each in passes.unique().tolist()]
        )

    def _order(self, number: int) -> Tensor:
        """That of a pass; the last one is remembered."""
        if number not in self._known:
            generator = torch.Generator().manual_seed(self._seed * 1_000_003 + number)
            self._known = {number: torch.randperm(self._num_images, generator=generator)}
        return self._known[number]
