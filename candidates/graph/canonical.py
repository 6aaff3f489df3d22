"""Canonical: an exported program without writing in place, constant work and fixed modes."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from candidates.errors import UnsplittableTeacher
from candidates.graph.network import Frame, Step
from candidates.graph.operators import MAKERS, NOISE
from candidates.graph.program import Argument, Call, Program, TensorOf, Training, ValueOf
from candidates.graph.writes import base_of, functional, writes

CONSTANT_PREFIX = "constant"
_NOTHING = {"alias.default", "detach.default", "lift_fresh_copy.default"}
_MAKERS = {"new_zeros", "new_ones", "new_full", *(name.split(".")[0] for name in MAKERS)}
_TRAINING = {"lstm.input": 6, "gru.input": 6, **dict.fromkeys(NOISE, 2)}
"""Where operators are told whether the network trains."""


def canonical(
    program: Program, tensors: Mapping[str, Tensor], nameless: Collection[str], batch_size: int
) -> tuple[Program, dict[str, Tensor]]:
    """The same function of the input, made of pure calls on named tensors, with the modes of
    BatchNorm and dropout left open.

    What depends on no image and no tensor but those in `nameless`, which are no part of the
    network's state, is computed once and becomes a buffer, unless its size depends on
    `batch_size`, the number of images in the trace. Raises UnsplittableTeacher where a value is
    changed in place while another view of it is still in use.
    """
    portable = [_without_device(call) for call in program.calls]
    calls, constants = _folded(portable, tensors, set(nameless), batch_size)
    calls, output = functional(calls, program.output)
    calls, output = _without_nothing(calls, output)
    open_calls = tuple(_with_open_mode(call) for call in calls)
    everything = {**tensors, **constants}
    buffers = tuple(sorted({*program.buffers, *constants}))
    changed = {"calls": open_calls, "output": output, "buffers": buffers}
    result = program.model_copy(update=changed)
    result = result.replaced(())
    return result, {name: everything[name] for name in result.tensors()}


def _without_device(call: Call) -> Call:
    """A conversion to a device and a dtype is one to the dtype: a program runs on any device."""
    if call.operator != "to.device":
        return call
    source, _, *others = call.arguments
    return call.model_copy(update={"operator": "to.dtype", "arguments": (source, *others)})


def _folded(
    calls: Iterable[Call], tensors: Mapping[str, Tensor], nameless: set[str], batch_size: int
) -> tuple[list[Call], dict[str, Tensor]]:
    """The calls that depend on images or parameters, and the results of the others they read."""
    known: dict[str, Any] = {}
    open_calls: list[Call] = []
    for call in calls:
        if _is_constant(call, known, nameless, batch_size):
            known[call.name] = _computed(call, known, tensors)
        else:
            _refuse_changed_constant(call, known)
            open_calls.append(call)
    read = dict.fromkeys(value for call in open_calls for value in call.values() if value in known)
    named = {name: _constant_name(name) for name in read if isinstance(known[name], Tensor)}
    rewiring: dict[str, Argument] = {
        name: TensorOf(tensor=named[name]) if name in named else known[name] for name in read
    }
    constants = {named[name]: known[name].clone().contiguous() for name in named}
    return [call.rewired(rewiring) for call in open_calls], constants


def _constant_name(value: str) -> str:
    """Of the tensor that takes a value's place; no module has an attribute of that name."""
    return f"{CONSTANT_PREFIX}.at_{value.replace('.', '_')}"


def _refuse_changed_constant(call: Call, known: Mapping[str, Any]) -> None:
    target = call.arguments[0] if call.arguments else None
    if writes(call) and isinstance(target, ValueOf) and target.value in known:
        raise UnsplittableTeacher(
            f"'{call.operator}' in '{call.scope}' writes values of images into a constant tensor. "
            "Build the tensor with torch.cat or torch.where."
        )


def _is_constant(call: Call, known: Mapping[str, Any], nameless: set[str], batch_size: int) -> bool:
    base = base_of(call)
    if _mentions(call.arguments, batch_size):
        return False
    if base in _MAKERS:
        return True
    sources = call.values()
    if not sources and not call.tensors():
        return False
    return all(source in known for source in sources) and nameless.issuperset(call.tensors())


def _mentions(arguments: Argument, batch_size: int) -> bool:
    """Whether a size among the arguments is a multiple of the batch's."""
    if isinstance(arguments, tuple):
        return any(_mentions(each, batch_size) for each in arguments)
    is_size = isinstance(arguments, int) and not isinstance(arguments, bool)
    return is_size and arguments != 0 and arguments % batch_size == 0  # type: ignore[operator]


def _computed(call: Call, known: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Any:
    """What a call gives; a value of images, of which a maker needs only the dtype, is empty."""
    values: dict[str, Any] = {**dict.fromkeys(call.values(), torch.empty(0)), **known}
    with torch.no_grad():
        return Step.of(call).run(Frame(values, dict(tensors), 0, False))


def _without_nothing(calls: Iterable[Call], output: str) -> tuple[list[Call], str]:
    """Drop the calls that pass their first argument through; also what then is the output."""
    passed: dict[str, Argument] = {}
    result = []
    for call in calls:
        rewired = call.rewired(passed)
        no_noise = call.operator in NOISE and call.arguments[1] == 0
        source = rewired.arguments[0] if call.operator in _NOTHING or no_noise else None
        if isinstance(source, ValueOf):
            passed[call.name] = source
        else:
            result.append(rewired)
    last = passed.get(output)
    return result, last.value if isinstance(last, ValueOf) else output


def _with_open_mode(call: Call) -> Call:
    position = _TRAINING.get(call.operator)
    if call.operator == "batch_norm.default" and call.arguments[3]:
        position = 5
    if position is None:
        return call
    arguments = list(call.arguments)
    arguments[position] = Training()
    return call.model_copy(update={"arguments": tuple(arguments)})
