"""Latency kit: what a target needs to measure a library: programs and shapes, but no weights.

Latency depends on shapes, not on values, so weights do not travel, and of all parts that have the
same program and shapes one is measured for all of them.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from candidates.assembly import description_of, program_of
from candidates.checkpoint import Checkpoint, Tensor
from candidates.graph.neighbourhood import Split
from candidates.graph.program import Program

FORMAT = 1


def latency_kit(
    library: str, teacher: Path, split: Split, candidates: Iterable[tuple[str, Path]]
) -> dict[str, Any]:
    """`teacher` is the teacher's own file, `candidates` are ids with the candidates' files.

    `networks` are told apart by program and shapes alone. A part says which of them it is, the
    teacher's value that `enters` it, and whom its latency is of: a `neighbourhood` of the teacher
    itself, or `candidates`.
    """
    networks = _Networks()
    file = Checkpoint.mapped(teacher)
    whole = program_of(file)
    parts = [
        _part(networks, whole.part(each.input, each.output), file, neighbourhood=each.name)
        for each in split.neighbourhoods
    ]
    for (network, enters), ids in _grouped(networks, candidates).items():
        parts.append({"network": network, "enters": enters, "candidates": ids})
    return {
        "format": FORMAT,
        "library": library,
        "input": list(description_of(file).recipe.input),
        "teacher": {"program": _plain(whole), "tensors": _shapes(whole, file.tensors)},
        "networks": networks.found,
        "parts": parts,
    }


class _Networks:
    """Every network once, with the names of values and tensors replaced by numbers."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self._index: dict[str, int] = {}

    def index(self, program: Program, tensors: Mapping[str, Tensor]) -> int:
        plain, shapes = _plain(program), _shapes(program, tensors)
        values = {name: f"v{at}" for at, name in enumerate(program.names())}
        names = {name: f"t{at}" for at, name in enumerate(shapes)}
        for call in plain["calls"]:
            call["name"] = values[call["name"]]
        network = {
            "program": _renamed(plain, values, names)
            | {"input": values[program.input], "output": values[program.output]},
            "tensors": {names[name]: shape for name, shape in shapes.items()},
        }
        text = json.dumps(network, sort_keys=True)
        if text not in self._index:
            self._index[text] = len(self.found)
            self.found.append(network)
        return self._index[text]


def _part(
    networks: _Networks, program: Program, file: Checkpoint, **whose: object
) -> dict[str, Any]:
    return {"network": networks.index(program, file.tensors), "enters": program.input, **whose}


def _grouped(
    networks: _Networks, candidates: Iterable[tuple[str, Path]]
) -> dict[tuple[int, str], list[str]]:
    """Candidates by network and the value that enters it."""
    result: dict[tuple[int, str], list[str]] = {}
    for candidate, path in candidates:
        file = Checkpoint.mapped(path)
        program = program_of(file)
        key = networks.index(program, file.tensors), program.input
        result.setdefault(key, []).append(candidate)
    return result


def _plain(program: Program) -> dict[str, Any]:
    calls = tuple(call.model_copy(update={"scope": ""}) for call in program.calls)
    plain = program.model_copy(update={"calls": calls, "buffers": ()})
    return plain.model_dump(mode="json", exclude_defaults=True)


def _shapes(program: Program, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Of the tensors that calls read, in order."""
    read = dict.fromkeys(name for call in program.calls for name in call.tensors())
    return {name: [tensors[name].dtype, list(tensors[name].shape)] for name in read}


def _renamed(part: Any, values: Mapping[str, str], tensors: Mapping[str, str]) -> Any:
    """The same JSON with other names of values and tensors."""
    match part:
        case list():
            return [_renamed(each, values, tensors) for each in part]
        case {"value": str(name)} if len(part) == 1:
            return {"value": values[name]}
        case {"tensor": str(name)} if len(part) == 1:
            return {"tensor": tensors[name]}
        case dict():
            return {key: _renamed(each, values, tensors) for key, each in part.items()}
    return part
