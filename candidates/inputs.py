"""Inputs: activations of many images at one place, to be read batch by batch and at random."""

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor


class Inputs(Protocol):
    """What a neighbourhood is given: a `Stream` of images' activations, or noise in their place.

    Always the same, in the same order; nothing has a gradient.
    """

    @property
    def batch_size(self) -> int:
        """How many are read at once."""

    @property
    def kept_bytes(self) -> int:
        """How much memory they take between two readings."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Tensor]: ...

    def first(self, count: int) -> "Inputs":
        """Only so many, the first."""

    def at(self, index: slice | Tensor) -> Tensor:
        """Those at some places, [n, …]."""
