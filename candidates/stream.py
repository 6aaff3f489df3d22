"""Stream: the activations of a network at a cut that moves forward, within a memory limit."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from candidates.data import ImageSet, normalised
from candidates.recipe import Preprocessing

BATCH_SIZE = 128


class Stream:
    """Activations of many images, batch by batch, always in the same order.

    Moving the cut forward computes the new activations once and keeps them while old and new
    together stay below `limit_bytes`; beyond that they are computed again on every reading, from
    the last cut that fitted.
    """

    def __init__(self, images: ImageSet, preprocessing: Preprocessing, limit_bytes: int) -> None:
        self.images = images
        self.limit_bytes = limit_bytes
        self._kept: Tensor = images.images
        self._preprocessing = preprocessing
        self._pending: list[nn.Module] = []

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[Tensor]:
        for start in range(0, len(self), BATCH_SIZE):
            yield self.at(slice(start, start + BATCH_SIZE))

    def at(self, index: slice | Tensor) -> Tensor:
        """The activations of some images, without gradient."""
        values = self._kept[index]
        if self._kept is self.images.images:
            values = normalised(values, self._preprocessing)
        with torch.no_grad():
            for part in self._pending:
                values = part(values)
        return values

    def advanced(self, part: nn.Module) -> "Stream":
        """A new stream at the cut behind `part`; this one stays where it is.

        `part` must be in eval mode and must not change while the new stream is read.
        """
        ahead = Stream.__new__(Stream)
        ahead.__dict__.update(self.__dict__)
        ahead._pending = [*self._pending, part]
        ahead._keep_if_it_fits()
        return ahead

    def _keep_if_it_fits(self) -> None:
        first = self.at(slice(0, 1))
        size = first.numel() * first.element_size() * len(self)
        if size + self._kept.numel() * self._kept.element_size() > self.limit_bytes:
            return
        kept = torch.empty(len(self), *first.shape[1:], dtype=first.dtype)
        start = 0
        for batch in self:
            kept[start : start + len(batch)] = batch
            start += len(batch)
        self._kept, self._pending = kept, []
