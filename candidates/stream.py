"""Stream: the activations of a network at a cut that moves forward, within a memory limit."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from candidates.data import ImageSet, normalised
from candidates.finite import checked
from candidates.recipe import LibraryRecipe, Preprocessing
from candidates.spill import Room, Spill

BATCH_SIZE = 128
BATCH_BYTES = 8 * 2**20
"""Most that the float32 images of a batch take: inside a network they take 5 to 20 times that,
and several such values are alive at once.
"""
NO_ROOM = Room(Path(), 0)


class Stream:
    """Activations of many images, batch by batch, always in the same order.

    Moving the cut forward computes the new activations once. They are kept in memory while old
    and new together stay below `limit_bytes`, else on disk while those there stay within `room`;
    beyond that they are computed again on every reading, from the last cut that was kept. What a
    network computes is finite, or NonFiniteActivation names the module that first was not.
    """

    def __init__(
        self,
        images: ImageSet,
        preprocessing: Preprocessing,
        limit_bytes: int,
        room: Room = NO_ROOM,
    ) -> None:
        self.images = images
        self.limit_bytes = limit_bytes
        self.room = room
        self.batch_size = images_per_batch(images)
        self._kept: Tensor | Spill = images.images
        self._preprocessing = preprocessing
        self._pending: list[nn.Module] = []

    @classmethod
    def of(cls, images: ImageSet, preprocessing: Preprocessing, recipe: LibraryRecipe) -> "Stream":
        """Within the recipe's limits; what it spills lies where temporary files do."""
        room = Room(Path(tempfile.gettempdir()), recipe.spill_mb * 2**20)
        return cls(images, preprocessing, recipe.memory_limit_mb * 2**20, room)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def is_kept(self) -> bool:
        """Whether reading it computes nothing."""
        return not self._pending

    @property
    def kept_bytes(self) -> int:
        """What it takes of the memory limit."""
        return 0 if isinstance(self._kept, Spill) else self._kept.nbytes

    def __iter__(self) -> Iterator[Tensor]:
        for start in range(0, len(self), self.batch_size):
            yield self.at(slice(start, start + self.batch_size))

    def at(self, index: slice | Tensor) -> Tensor:
        """The activations of some images, without gradient."""
        if isinstance(index, slice):
            index = slice(*index.indices(len(self)))
        values = self._kept[index]
        if self._kept is self.images.images:
            values = normalised(values, self._preprocessing)
        with torch.no_grad():
            for part in self._pending:
                values = checked(part, values, part(values))
        return values

    def first(self, count: int) -> "Stream":
        """A stream of the first images alone, at the same cut; what lies on disk stays there."""
        if count >= len(self):
            return self
        few = Stream.__new__(Stream)
        few.__dict__.update(self.__dict__)
        few.images = self.images.take(torch.arange(count))
        if self._kept is self.images.images:
            few._kept = few.images.images
        elif isinstance(self._kept, Tensor):
            few._kept = self._kept[:count]
        return few

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
        shape = (len(self), *first.shape[1:])
        size = len(self) * first.numel() * first.element_size()
        known = self._kept.nbytes
        spilled = isinstance(self._kept, Spill)
        if size + (0 if spilled else known) <= self.limit_bytes:
            kept = torch.empty(shape, dtype=first.dtype)
            for start, batch in self._placed():
                kept[start : start + len(batch)] = batch
            self._kept, self._pending = kept, []
        elif size + (known if spilled else 0) <= self.room.limit_bytes:
            spill = Spill(self.room.folder, shape, first.dtype)
            for start, batch in self._placed():
                spill.write(start, batch)
            self._kept, self._pending = spill, []

    def _placed(self) -> Iterator[tuple[int, Tensor]]:
        return zip(range(0, len(self), self.batch_size), self, strict=True)


def images_per_batch(images: ImageSet) -> int:
    """How many images go through a network together: as many of any cut, so that two streams of
    the same images give batches that belong together.
    """
    per_image = max(1, 4 * images.images[0].numel()) if len(images) else 1
    return max(1, min(BATCH_SIZE, BATCH_BYTES // per_image))
