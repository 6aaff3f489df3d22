"""Latency models: every network of a latency kit as ONNX, with weights that are made up there."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from candidates.checkpoint import Checkpoint, Tensor
from candidates.export.to_onnx.model import Translated
from candidates.graph.program import Program

RESULT = "kit"


def in_sandbox(path: str) -> Checkpoint:
    """A kit's file with its models, as the bytes of a tensor: what a sandbox hands over."""
    data = json.dumps(with_models(json.loads(Path(path).read_bytes()))).encode()
    return Checkpoint({RESULT: Tensor("U8", (len(data),), data)})


def with_models(kit: Mapping[str, Any]) -> dict[str, Any]:
    """The kit with `models`, ONNX files in base 64. The teacher and every part say which of them is
    theirs, and a part the `shape` of what enters it, without the batch.

    Raises NotExportable naming what ONNX has no word for.
    """
    teacher = _translated(kit["teacher"], kit["input"])
    models, index = [_file(teacher)], dict[tuple[int, tuple[int, ...]], int]()
    parts = []
    for part in kit["parts"]:
        shape = teacher.shape(part["enters"])
        key = part["network"], shape
        if key not in index:
            index[key] = len(models)
            models.append(_file(_translated(kit["networks"][part["network"]], shape)))
        parts.append({**part, "shape": list(shape), "model": index[key]})
    return {**kit, "teacher": {**kit["teacher"], "model": 0}, "parts": parts, "models": models}


def _translated(network: Mapping[str, Any], shape: tuple[int, ...] | list[int]) -> Translated:
    program = Program.model_validate(network["program"])
    program.check()
    tensors = {
        name: Tensor(dtype, tuple(sides), b"")
        for name, (dtype, sides) in network["tensors"].items()
    }
    return Translated(program, tensors, shape)


def _file(translated: Translated) -> str:
    return base64.b64encode(translated.weightless().SerializeToString(deterministic=True)).decode()
