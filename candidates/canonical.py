"""Canonical: an exported program without writing in place, constant work and fixed modes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from candidates.errors import UnsplittableTeacher
from candidates.network import Frame, Step
from candidates.operators import NOISE
from candidates.program import Argument, Call, Program, TensorOf, Training, ValueOf

CONSTANT_PREFIX = "constant"
_NOTHING = {"alias.default", "detach.default", "lift_fresh_copy.default"}
_VIEWS = {
    "view", "reshape", "flatten", "unflatten", "permute", "transpose", "t", "expand", "squeeze",
    "unsqueeze", "split", "split_with_sizes", "chunk", "unbind", "select", "slice", "narrow",
    "getitem", "alias", "detach", "contiguous", "to", "movedim", "expand_as", "swapaxes",
}  # fmt: skip
_SCATTERS = {"slice.Tensor": "slice_scatter.default", "select.int": "select_scatter.default"}
_MAKERS = {
    "new_zeros",
    "new_ones",
    "new_full",
    "arange",
    "zeros",
    "ones",
    "full",
    "linspace",
    "eye",
}


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
    calls = _functional(calls)
    calls = _without_nothing(calls)
    open_calls = tuple(_with_open_mode(call) for call in calls)
    everything = {**tensors, **constants}
    buffers = tuple(sorted({*program.buffers, *constants}))
    result = program.model_copy(update={"calls": open_calls, "buffers": buffers})
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
    if _writes(call) and isinstance(target, ValueOf) and target.value in known:
        raise UnsplittableTeacher(
            f"'{call.operator}' in '{call.scope}' writes values of images into a constant tensor. "
            "Build the tensor with torch.cat or torch.where."
        )


def _writes(call: Call) -> bool:
    return _base(call).endswith("_") and not _base(call).startswith("_")


def _is_constant(call: Call, known: Mapping[str, Any], nameless: set[str], batch_size: int) -> bool:
    base = _base(call)
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


def _functional(calls: Sequence[Call]) -> list[Call]:
    """Calls that write in place become calls that give a new value, which later calls read."""
    views: dict[str, Call] = {}
    latest: dict[str, str] = {}
    result: list[Call] = []
    for index, call in enumerate(calls):
        newest = {name: ValueOf(value=target) for name, target in latest.items()}
        rewired = call.rewired(newest)
        first = call.arguments[0] if call.arguments else None
        if isinstance(first, ValueOf) and _base(call) in _VIEWS:
            views[call.name] = call
        if not (isinstance(first, ValueOf) and _writes(call)):
            result.append(rewired)
            continue
        view = views.get(first.value)
        written = _written(rewired, view and view.rewired(newest))
        replaced = {first.value: call.name}
        if len(written) > 1:
            replaced[_source(views[first.value])] = written[-1].name
        _refuse_shared(call, replaced.keys(), views, calls[index + 1 :])
        for name in [known for known, target in latest.items() if target in replaced]:
            latest[name] = replaced[latest[name]]
        latest.update(replaced)
        result += written
    return result


def _written(call: Call, view: Call | None) -> list[Call]:
    """The call without writing, and, if it wrote into a slice, what puts that back."""
    base, _, overload = call.operator.partition(".")
    pure = call.model_copy(update={"operator": f"{base.removesuffix('_')}.{overload}"})
    if view is None or view.operator not in _SCATTERS:
        return [pure]
    changed = {
        "name": f"{call.name}_whole",
        "operator": _SCATTERS[view.operator],
        "arguments": (view.arguments[0], ValueOf(value=call.name), *view.arguments[1:]),
    }
    return [pure, call.model_copy(update={"keywords": {}, **changed})]


def _refuse_shared(
    call: Call, replaced: Collection[str], views: Mapping[str, Call], later: Iterable[Call]
) -> None:
    """Another view of what is written in place must not be read afterwards."""
    shared = {name for name in views if _origin(name, views) == _origin_of(replaced, views)}
    shared |= {_origin_of(replaced, views)}
    for user in later:
        if shared.intersection(user.values()) - set(replaced):
            raise UnsplittableTeacher(
                f"'{call.operator}' changes a view in place in '{call.scope}', and "
                f"'{user.scope}' still uses what it was a view of. Give it a new tensor."
            )


def _origin_of(names: Collection[str], views: Mapping[str, Call]) -> str:
    return _origin(next(iter(names)), views)


def _origin(name: str, views: Mapping[str, Call]) -> str:
    """What a view is a view of in the end."""
    while name in views:
        name = _source(views[name])
    return name


def _source(view: Call) -> str:
    first = view.arguments[0]
    assert isinstance(first, ValueOf)
    return first.value


def _base(call: Call) -> str:
    return call.operator.split(".")[0]


def _without_nothing(calls: Iterable[Call]) -> list[Call]:
    """Drop the calls that pass their first argument through."""
    passed: dict[str, Argument] = {}
    result = []
    for call in calls:
        rewired = call.rewired(passed)
        no_noise = call.operator in NOISE and call.arguments[1] == 0
        if call.operator in _NOTHING or no_noise:
            passed[call.name] = rewired.arguments[0]
        else:
            result.append(rewired)
    return result


def _with_open_mode(call: Call) -> Call:
    position = 5 if call.operator == "batch_norm.default" and call.arguments[3] else None
    if call.operator in NOISE:
        position = 2
    if position is None:
        return call
    arguments = list(call.arguments)
    arguments[position] = Training()
    return call.model_copy(update={"arguments": tuple(arguments)})
