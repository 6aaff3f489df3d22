"""Convert: a student's file as another; what writes one is imported when it is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from candidates.checkpoint import Checkpoint, Tensor
from candidates.errors import NotExportable
from candidates.export.archive import archive
from candidates.export.card import card
from candidates.export.facts import Facts
from candidates.export.formats import FormatName
from candidates.export.needs import NEEDS, why

RESULT = "file"


def converted(checkpoint: Checkpoint, format: FormatName, facts: Facts | None = None) -> bytes:
    """The student as a file of a format; the facts go into an archive's card.

    Equal students give equal files. Raises InvalidCheckpoint, InvalidProgram, and NotExportable
    where the network, or what is installed, does not allow it.
    """
    return _WRITERS[format](checkpoint, facts or Facts())


def in_sandbox(path: str, format: FormatName, facts: dict[str, Any]) -> Checkpoint:
    """Like `converted`, from a path and JSON, with the file's bytes as a tensor: the one thing that
    a sandbox hands over.
    """
    checkpoint = Checkpoint.mapped(Path(path))
    data = converted(checkpoint, format, Facts.model_validate(facts))
    return Checkpoint({RESULT: Tensor("U8", (len(data),), data)})


def _safetensors(checkpoint: Checkpoint, facts: Facts) -> bytes:
    return checkpoint.to_bytes()


def _python(checkpoint: Checkpoint, facts: Facts) -> bytes:
    from candidates.export.to_python.source import python_source

    return python_source(checkpoint).encode()


def _onnx(checkpoint: Checkpoint, facts: Facts) -> bytes:
    _require("onnx")
    from candidates.export.to_onnx.model import onnx_bytes

    return onnx_bytes(checkpoint)


def _pt2(checkpoint: Checkpoint, facts: Facts) -> bytes:
    _require("pt2")
    from candidates.export.to_pt2 import pt2_bytes

    return pt2_bytes(checkpoint)


def _zip(checkpoint: Checkpoint, facts: Facts) -> bytes:
    """With the ONNX file where there can be one; the card says why it is missing."""
    files = {
        "student.safetensors": checkpoint.to_bytes(),
        "student.py": _python(checkpoint, facts),
    }
    text = card(checkpoint, facts)
    try:
        files["student.onnx"] = _onnx(checkpoint, facts)
    except NotExportable as exc:
        text += f"\nThere is no ONNX file here: {exc}\n"
    return archive({"README.md": text.encode(), **files})


def _require(format: FormatName) -> None:
    try:
        import_module(NEEDS[format])
    except ImportError as exc:
        raise NotExportable(why(format)) from exc


_WRITERS: Mapping[FormatName, Callable[[Checkpoint, Facts], bytes]] = {
    "safetensors": _safetensors, "python": _python, "onnx": _onnx, "pt2": _pt2, "zip": _zip,
}  # fmt: skip
