"""Checkpoint: named tensors and text metadata as one safetensors file, read with suspicion.

The file is `u64 length ‖ JSON header ‖ tensor bytes`. The header is parsed and checked here,
before any library sees the file, and tensors stay bytes, so no torch is needed to copy them.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from typing import Any

from candidates.errors import InvalidCheckpoint

MAX_HEADER_BYTES = 16 * 2**20
MAX_NAME = 1000
MAX_SIDES = 64
ITEM_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8,
}  # fmt: skip
CONVERT = (
    "Convert it with safetensors.torch.save_file(model.state_dict(), 'weights.safetensors') "
    "and send that file."
)


@dataclass(frozen=True)
class Tensor:
    """A tensor as it lies in the file: safetensors dtype name, shape, little-endian bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name in file order, and the header's text metadata."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The safetensors file; equal checkpoints give equal bytes."""
        header: dict[str, Any] = {"__metadata__": dict(sorted(self.metadata.items()))}
        offset = 0
        for name, tensor in sorted(self.tensors.items(), key=_alignment_order):
            end = offset + len(tensor.data)
            header[name] = {
                "dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": (offset, end),
            }  # fmt: skip
            offset = end
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        parts = [tensor.data for _, tensor in sorted(self.tensors.items(), key=_alignment_order)]
        return b"".join([len(text).to_bytes(8, "little"), text, *parts])

    @classmethod
    def from_bytes(cls, data: bytes | mmap) -> "Checkpoint":
        """Tensors share the memory of `data`. Raises InvalidCheckpoint, naming the first entry
        that is wrong.
        """
        header, start = _header(data)
        metadata = _metadata(header.pop("__metadata__", {}))
        body = memoryview(data)[start:]
        entries = {name: _entry(name, entry, len(body)) for name, entry in header.items()}
        _check_layout(entries, len(body))
        tensors = {
            name: Tensor(dtype, shape, body[begin:end])
            for name, (dtype, shape, begin, end) in entries.items()
        }
        return cls(tensors, metadata)

    @classmethod
    def read(cls, path: Path) -> "Checkpoint":
        """Like `from_bytes`, from a file."""
        return cls.from_bytes(path.read_bytes())

    @classmethod
    def mapped(cls, path: Path) -> "Checkpoint":
        """Like `read`, but a tensor takes memory only once it is looked at.

        Its buffers may be written to, which changes neither the file nor another mapping.
        """
        with path.open("rb") as file:
            return cls.from_bytes(mmap(file.fileno(), 0, access=ACCESS_COPY))

    def digest(self, names: Iterable[str]) -> str:
        """SHA-256 over the named tensors: names, dtypes, shapes and bytes."""
        total = hashlib.sha256()
        for name in sorted(names):
            tensor = self.tensors[name]
            total.update(f"{name}|{tensor.dtype}|{tensor.shape}|".encode())
            total.update(tensor.data)
        return total.hexdigest()


def _alignment_order(item: tuple[str, Tensor]) -> tuple[int, str]:
    """Widest items first, so that every tensor starts at a multiple of its item size."""
    return -ITEM_BYTES[item[1].dtype], item[0]


def _header(data: bytes | mmap) -> tuple[dict[str, Any], int]:
    _refuse_other_formats(data)
    if len(data) < 8:
        raise InvalidCheckpoint(
            f"The file is truncated: {len(data)} bytes cannot hold a safetensors header."
        )
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER_BYTES:
        raise InvalidCheckpoint(
            f"The file claims a header of {length} bytes; at most {MAX_HEADER_BYTES} are read. "
            "It is not safetensors, or it is damaged."
        )
    if 8 + length > len(data):
        raise InvalidCheckpoint(
            f"The file is truncated: its header should take {length} bytes, "
            f"only {len(data) - 8} are there."
        )
    return _parse(data[8 : 8 + length]), 8 + length


def _refuse_other_formats(data: bytes | mmap) -> None:
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        raise InvalidCheckpoint(
            f"This is a zip archive (.pt, .pth or .pt2), not safetensors. {CONVERT}"
        )
    claimed = int.from_bytes(data[:8], "little")
    if data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05" and claimed > MAX_HEADER_BYTES:
        raise InvalidCheckpoint(
            f"This is a Python pickle, not safetensors; it was not opened. {CONVERT}"
        )


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as exc:
        raise InvalidCheckpoint(f"The safetensors header is not valid JSON: {exc}.") from exc
    if not isinstance(header, dict):
        raise InvalidCheckpoint("The safetensors header is not a JSON object.")
    return header


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Names that UTF-8 cannot hold, such as half a surrogate pair, raise UnicodeEncodeError."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        name.encode()
        if len(name) > MAX_NAME:
            raise InvalidCheckpoint(
                f"The safetensors header holds a name of {len(name)} characters, beginning with "
                f"'{name[:40]}'; at most {MAX_NAME} are read."
            )
        if name in result:
            raise InvalidCheckpoint(f"The safetensors header names '{name}' twice.")
        result[name] = value
    return result


def _metadata(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise InvalidCheckpoint("The safetensors __metadata__ must map names to texts.")
    return value


def _entry(name: str, entry: object, size: int) -> tuple[str, tuple[int, ...], int, int]:
    match entry:
        case {
            "dtype": str(dtype),
            "shape": list(shape),
            "data_offsets": [int(begin), int(end)],
        } if type(begin) is type(end) is int:
            pass
        case _:
            raise InvalidCheckpoint(f"Tensor '{name}' needs dtype, shape and data_offsets.")
    if dtype not in ITEM_BYTES:
        raise InvalidCheckpoint(f"Tensor '{name}' has the unknown dtype {dtype!r}.")
    if len(shape) > MAX_SIDES:  # the product of a million sides takes hours
        raise InvalidCheckpoint(
            f"Tensor '{name}' has {len(shape)} dimensions; at most {MAX_SIDES} are read."
        )
    if not all(type(side) is int and 0 <= side < 2**40 for side in shape):
        raise InvalidCheckpoint(f"Tensor '{name}' has an impossible shape {shape}.")
    if not 0 <= begin <= end <= size:
        raise InvalidCheckpoint(
            f"The file is truncated: tensor '{name}' should end at byte {end} of {size}."
        )
    if math.prod(shape) * ITEM_BYTES[dtype] != end - begin:
        raise InvalidCheckpoint(
            f"Tensor '{name}' of shape {shape} and dtype {dtype} cannot take {end - begin} bytes."
        )
    return dtype, tuple(shape), begin, end


def _check_layout(entries: Mapping[str, tuple[str, tuple[int, ...], int, int]], size: int) -> None:
    position = 0
    for name, (_, _, begin, end) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if begin != position:
            raise InvalidCheckpoint(f"Tensor '{name}' overlaps another or leaves a hole before it.")
        position = end
    if position != size:
        raise InvalidCheckpoint(f"{size - position} bytes after the last tensor belong to nothing.")
