"""The tensors of a `.pt2` archive, made from raw bytes whose layout is checked first."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from candidates.errors import InvalidCheckpoint
from candidates.sources.archive import Archive
from candidates.sources.exported_schema import Payload, PayloadConfig, TensorMeta, parse

SCALARS = {
    1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64,
    6: torch.float16, 7: torch.float32, 8: torch.float64, 12: torch.bool, 13: torch.bfloat16,
}  # fmt: skip
"""torch's numbers of dtypes in its serialisation schema, and the dtypes that checkpoints have."""
MAX_SIDE = 2**40
MAX_SIDES = 64
_RECORD = re.compile(r"(weight|tensor)_\d{1,9}")


def read_tensors(archive: Archive, folder: str, model: str) -> dict[str, Tensor]:
    """The tensors of `data/weights` or `data/constants` by their names, each of its own memory.

    Raises InvalidCheckpoint naming the first that is pickled, does not fit its record or is not
    finite.
    """
    name = f"data/{folder}/{model}_{folder}_config.json"
    config = parse(PayloadConfig, archive.text_of(name), name).config
    layouts = {name: _layout(name, payload) for name, payload in config.items()}
    by_record: dict[str, list[str]] = defaultdict(list)
    for name, payload in config.items():
        by_record[payload.path_name].append(name)
    result: dict[str, Tensor] = {}
    for record, names in by_record.items():
        data = bytearray(archive.bytes_of(f"data/{folder}/{record}"))
        _check_length(record, len(data), [layouts[name] for name in names], names)
        result |= {name: _tensor(layouts[name], data) for name in names}
    refuse_not_finite(result)
    return {name: result[name] for name in config}


def refuse_not_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raises InvalidCheckpoint naming the first tensor that holds NaN or Inf."""
    for name, values in tensors.items():
        if values.is_floating_point() and not torch.isfinite(values).all():
            raise InvalidCheckpoint(
                f"Key '{name}' holds NaN or Inf. Send a network whose training did not diverge."
            )


class _Layout(NamedTuple):
    dtype: torch.dtype
    sizes: list[int]
    strides: list[int]
    offset: int

    def end_bytes(self) -> int:
        """Where the last item ends in the record."""
        if 0 in self.sizes:
            return 0
        steps = zip(self.sizes, self.strides, strict=True)
        last = self.offset + sum((size - 1) * stride for size, stride in steps)
        return (last + 1) * self.dtype.itemsize


def _layout(name: str, payload: Payload) -> _Layout:
    if payload.use_pickle:
        raise InvalidCheckpoint(
            f"Tensor '{name}' is pickled, and pickles are not opened. Export the network with "
            "plain tensors in the place of tensor subclasses."
        )
    meta = payload.tensor_meta
    if meta is None or not _RECORD.fullmatch(payload.path_name):
        raise InvalidCheckpoint(
            f"'{name[:100]}' in the archive is no tensor in a record of its own. Export the "
            "network without custom objects."
        )
    if meta.dtype not in SCALARS:
        raise InvalidCheckpoint(
            f"Tensor '{name}' has a dtype (number {meta.dtype} of torch's) that checkpoints do "
            "not have. Convert the network with model.float() before export."
        )
    return _Layout(SCALARS[meta.dtype], *_places(name, meta))


def _places(name: str, meta: TensorMeta) -> tuple[list[int], list[int], int]:
    sizes, strides = plain_ints(meta.sizes), plain_ints(meta.strides)
    offset = plain_ints([meta.storage_offset])
    known = sizes is not None and strides is not None and offset is not None
    if not known or len(sizes or ()) != len(strides or ()) or len(sizes or ()) > MAX_SIDES:
        raise InvalidCheckpoint(
            f"Tensor '{name}' has an impossible layout: sizes and strides must be as many plain "
            f"numbers from 0 to 2^40, at most {MAX_SIDES}. Export the network again."
        )
    assert sizes is not None
    assert strides is not None
    assert offset is not None
    return sizes, strides, offset[0]


def plain_ints(numbers: Iterable[Mapping[str, Any]]) -> list[int] | None:
    """Sizes that are plain numbers of a possible size; None when any is not."""
    result = []
    for number in numbers:
        value = number.get("as_int")
        if type(value) is not int or not 0 <= value <= MAX_SIDE:
            return None
        result.append(value)
    return result


def _check_length(
    record: str, num_bytes: int, layouts: Sequence[_Layout], names: Sequence[str]
) -> None:
    """The record must end where the last tensor in it ends, and no tensor may repeat its items."""
    for layout, name in zip(layouts, names, strict=True):
        if math.prod(layout.sizes) * layout.dtype.itemsize > num_bytes:
            raise InvalidCheckpoint(
                f"Tensor '{name}' of shape {layout.sizes} does not fit into its {num_bytes} bytes. "
                "The file is damaged: export the network again."
            )
    needed = max(layout.end_bytes() for layout in layouts)
    if needed != num_bytes:
        raise InvalidCheckpoint(
            f"Tensor '{names[0]}' needs {needed} bytes, but its record '{record}' has {num_bytes}. "
            "If it is a part of a larger tensor, give the module a copy of it with .clone(); "
            "export the network again."
        )


def _tensor(layout: _Layout, data: bytearray) -> Tensor:
    if 0 in layout.sizes:
        return torch.empty(layout.sizes, dtype=layout.dtype)
    count = layout.end_bytes() // layout.dtype.itemsize
    flat = torch.frombuffer(data, dtype=layout.dtype, count=count)
    placed = flat.as_strided(layout.sizes, layout.strides, layout.offset)
    return placed.clone(memory_format=torch.contiguous_format)
