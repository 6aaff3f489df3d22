"""Trace: from a module and an example of its input to a program and its tensors."""

import logging
import warnings
from typing import NamedTuple

import torch
from torch import Tensor, nn

from candidates.errors import InvalidProgram, UnsplittableTeacher
from candidates.graph.canonical import canonical
from candidates.graph.drop_path import with_visible_drop_path
from candidates.graph.program import Program
from candidates.graph.transcript import Transcript

BATCH_SIZE = 251
"""Of the example: a prime that hardly any other size is a multiple of."""
INPUT = "input"
"""The name of a traced program's input."""


class Traced(NamedTuple):
    """A program and all its tensors; `constants` are those that the module's state lacks."""

    program: Program
    tensors: dict[str, Tensor]


def trace(network: nn.Module, shape: tuple[int, ...]) -> Traced:
    """The program of a network in eval mode, for images of a shape [C, H, W] in any number.

    Parameters keep their names. Raises UnsplittableTeacher saying what cannot be followed.
    """
    network = with_visible_drop_path(network.eval())
    example = torch.empty(BATCH_SIZE, *shape)  # never read: the trace runs on shapes
    exported = _export(network, example)
    tensors = _tensors_of(exported)
    transcript = Transcript(exported, INPUT)
    if len(transcript.outputs) != 1:
        raise UnsplittableTeacher(
            f"{type(network).__name__} gives {len(transcript.outputs)} outputs; a classifier gives "
            "its logits alone. Wrap it in a module that returns only these."
        )
    program = Program.model_construct(
        input=INPUT, calls=tuple(transcript.calls), output=transcript.outputs[0],
        buffers=tuple(name for name, value in tensors.items() if not _is_parameter(value)),
    )  # fmt: skip
    nameless = tensors.keys() - exported.state_dict.keys()
    try:
        return Traced(*canonical(program, tensors, nameless, BATCH_SIZE))
    except InvalidProgram as exc:
        raise UnsplittableTeacher(
            f"{type(network).__name__} cannot be followed: {exc} Build it from operators of "
            "torch.nn.functional that write to none of their arguments."
        ) from exc


def _export(network: nn.Module, example: Tensor) -> torch.export.ExportedProgram:
    logging.getLogger("torch.export").setLevel(logging.ERROR)
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return torch.export.export(network, (example,), strict=False)
    except Exception as exc:  # the export runs foreign code and documents no error type
        first = next(iter(str(exc).strip().splitlines()), type(exc).__name__)
        raise UnsplittableTeacher(
            f"{type(network).__name__} cannot be traced: {first} Its forward must take one tensor "
            "of images and must not depend on the values in it."
        ) from exc
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _tensors_of(exported: torch.export.ExportedProgram) -> dict[str, Tensor]:
    state: dict[str, Tensor] = dict(exported.state_dict)
    constants = {
        name: value for name, value in exported.constants.items() if isinstance(value, Tensor)
    }
    return {**state, **{name: value for name, value in constants.items() if name not in state}}


def _is_parameter(value: Tensor) -> bool:
    return isinstance(value, nn.Parameter)
