"""Files that pretend to be a teacher's weights, made when they are wanted; none is committed."""

import io
import json
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from candidates.checkpoint import Checkpoint, Tensor
from tests.candidates.exports import Small, exported, seeded
from tests.candidates.hostile import Payload, entries_of, entry_named, pickled, with_json
from tests.service.networks import teacher_weights

Make = Callable[[Path], bytes]
"""From a folder to play in, whose file `marker` appears if anything of it is run."""
ITEMS = 10**12


def safetensors(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def plain_pickle(folder: Path) -> bytes:
    return pickled(folder / "marker")


def old_pickle(folder: Path) -> bytes:
    return pickled(folder / "marker", 0)


def torch_save(folder: Path) -> bytes:
    """A state dict beside which something wants to run."""
    file = io.BytesIO()
    torch.save({"weight": torch.zeros(2), "bias": Payload(folder / "marker")}, file)
    return file.getvalue()


def old_torch_save(folder: Path) -> bytes:
    file = io.BytesIO()
    torch.save(Payload(folder / "marker"), file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def script(folder: Path) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(torch.nn.ReLU(), torch.zeros(1)), file)
    return file.getvalue()


def pickle_in_export(folder: Path) -> bytes:
    path = exported(seeded(Small), folder / "net.pt2")
    return zipped({**entries_of(path), "net/models/weights.pkl": pickled(folder / "marker")})


def code_in_export(folder: Path) -> bytes:
    """In the place of a number, and of all guards."""
    path = exported(seeded(Small), folder / "net.pt2")
    code = f"__import__('os').system('touch {folder / 'marker'}')"

    def poison(content: dict[str, Any]) -> None:
        content["guards_code"] = [code]
        content["graph_module"]["graph"]["nodes"][0]["inputs"][0]["arg"] = {
            "as_expr": {"expr_str": code}
        }

    return with_json(path, "models/model.json", poison).read_bytes()


def operator_in_export(folder: Path) -> bytes:
    path = exported(seeded(Small), folder / "net.pt2")

    def poison(content: dict[str, Any]) -> None:
        content["graph_module"]["graph"]["nodes"][0]["target"] = "os.system"

    return with_json(path, "models/model.json", poison).read_bytes()


def huge_export(folder: Path) -> bytes:
    """Weights that declare a million million numbers."""
    path = exported(seeded(Small), folder / "net.pt2")

    def grow(value: Any) -> None:
        if isinstance(value, dict):
            if "sizes" in value and isinstance(value["sizes"], list) and value["sizes"]:
                value["sizes"][0] = {"as_int": ITEMS}
            for each in value.values():
                grow(each)
        elif isinstance(value, list):
            for each in value:
                grow(each)

    end = Path(entry_named(path, "model_weights_config.json")).name
    return with_json(path, end, grow).read_bytes()


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def zip_bomb(_folder: Path) -> bytes:
    """A thousand times as large inside."""
    entries = {"net/data.pkl": pickle.dumps({}), "net/data/0": bytes(2**28)}
    return zipped(entries, zipfile.ZIP_DEFLATED)


def climbing(_folder: Path) -> bytes:
    return zipped({"net/data.pkl": pickle.dumps({}), "net/../../../../etc/passwd": b"root"})


def hundred_megabytes(_folder: Path) -> bytes:
    return safetensors(b'{"__metadata__": {"x": "' + b"x" * 100 * 2**20 + b'"}}')


def claims_everything(_folder: Path) -> bytes:
    return struct.pack("<Q", 2**63 - 1) + b"{}"


def overlapping(_folder: Path) -> bytes:
    header = {"a": entry([2], 0, 8), "b": entry([2], 4, 12)}
    return safetensors(header, bytes(12))


def negative(_folder: Path) -> bytes:
    return safetensors({"a": entry([2], -8, 0)}, bytes(8))


def huge(_folder: Path) -> bytes:
    return safetensors({"a": entry([ITEMS], 0, 4 * ITEMS)}, bytes(8))


def wrapping(_folder: Path) -> bytes:
    """Sides whose product is 0 in 64 bits."""
    return safetensors({"a": entry([2**32, 2**32], 0, 0)})


def deep(_folder: Path) -> bytes:
    return safetensors(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}")


def not_finite(_folder: Path) -> bytes:
    weights = teacher_weights()
    name, first = next(iter(weights.tensors.items()))
    count = len(first.data) // 4
    nan = Tensor(first.dtype, first.shape, struct.pack(f"<{count}f", *[float("nan")] * count))
    return Checkpoint({**weights.tensors, name: nan}).to_bytes()


def empty(_folder: Path) -> bytes:
    return b""


MAKERS: tuple[Make, ...] = (
    plain_pickle, old_pickle, torch_save, old_torch_save, script, pickle_in_export,
    code_in_export, operator_in_export, huge_export, zip_bomb, climbing, hundred_megabytes,
    claims_everything, overlapping, negative, huge, wrapping, deep, not_finite, empty,
)  # fmt: skip
BRINGS_PROGRAM = {pickle_in_export, code_in_export, operator_in_export, huge_export}
