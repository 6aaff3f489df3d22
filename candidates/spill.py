"""Spill: rows of activations on disk, of which memory holds only what was asked for."""

import os
import tempfile
import weakref
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor


class Room(NamedTuple):
    """Where activations may lie on disk, and how many bytes of them."""

    folder: Path
    limit_bytes: int


class Spill:
    """A tensor of `shape` in a file without a name, which is gone with the last reference to it,
    or with the process, however that ends.

    It is read, not mapped: mapped pages would count as this process's memory. Raises OSError
    when the folder has no room for all of it.
    """

    def __init__(self, folder: Path, shape: Sequence[int], dtype: torch.dtype) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype
        self._row_bytes = prod(self.shape[1:]) * dtype.itemsize
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        try:
            os.posix_fallocate(self._file.fileno(), 0, max(1, self.nbytes))
        except OSError as exc:
            raise OSError(
                exc.errno,
                f"There is no room for {self.nbytes / 2**20:.0f} MiB of activations in the "
                "folder for temporary files; free some, name another in TMPDIR, or lower spill_mb",
                str(folder),
            ) from exc

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """How much of the disk it takes."""
        return len(self) * self._row_bytes

    def write(self, start: int, rows: Tensor) -> None:
        """Put rows [n, …] in the places from `start` on."""
        view = _bytes_of(rows.contiguous())
        done = 0
        while done < len(view):
            done += os.pwrite(self._file.fileno(), view[done:], start * self._row_bytes + done)

    def __getitem__(self, index: slice | Tensor) -> Tensor:
        """The rows of a slice or at indices [n], as a tensor of their own."""
        if isinstance(index, slice):
            start, stop, _ = index.indices(len(self))
            result = torch.empty(max(0, stop - start), *self.shape[1:], dtype=self.dtype)
            self._read(start, result)
            return result
        result = torch.empty(len(index), *self.shape[1:], dtype=self.dtype)
        for place, row in enumerate(index.tolist()):
            self._read(row, result[place : place + 1])
        return result

    def _read(self, start: int, rows: Tensor) -> None:
        """Fill contiguous rows with those from `start` on."""
        view = _bytes_of(rows)
        done = 0
        while done < len(view):
            done += os.preadv(self._file.fileno(), [view[done:]], start * self._row_bytes + done)


def _bytes_of(rows: Tensor) -> memoryview:
    """The memory of a contiguous tensor."""
    return rows.flatten().view(torch.uint8).numpy().data
