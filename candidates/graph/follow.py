"""Follow: walk a program once and let every operator say which of its axes are the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from candidates.graph.axes import Leaf, Term, Terms, fix, one
from candidates.graph.network import Network, function_of
from candidates.graph.program import Argument, Call, Constant, Program, TensorOf, Training, ValueOf
from candidates.graph.rules import rule_of
from candidates.graph.rules.site import Result, Shape, Site, kept_whole


@dataclass
class Axes:
    """The terms of every value (a list of them for a list of values) and of every tensor.

    `notes` is what rules left for resizing, by call; `unknown` counts the calls of each operator
    that has no rule.
    """

    batch: Leaf
    values: dict[str, Result] = field(default_factory=dict)
    tensors: dict[str, Terms] = field(default_factory=dict)
    notes: dict[str, dict[str, Term]] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)

    def value(self, name: str) -> Terms:
        """The terms of a value that is one tensor."""
        found = self.values[name]
        assert isinstance(found, tuple)
        return found


def follow(program: Program, tensors: Mapping[str, Tensor], shape: tuple[int, ...]) -> Axes:
    """The axes of a program whose sizes are those of an input of `shape` [N, …]."""
    shapes = shapes_of(program, tensors, shape)
    axes = Axes(Leaf(shape[0], fixed="It is the number of images.", is_batch=True))
    sides = (Leaf(size, "It belongs to the network's input.") for size in shape[1:])
    axes.values[program.input] = (axes.batch, *sides)
    for name in program.tensors():
        axes.tensors[name] = tuple(
            one() if size == 1 else Leaf(size) for size in tensors[name].shape
        )
    for call in program.calls:
        axes.values[call.name] = _followed(call, axes, shapes[call.name])
    for term in axes.value(program.output):
        fix(term, "It belongs to the network's output.")
    return axes


def shapes_of(
    program: Program, tensors: Mapping[str, Tensor], shape: tuple[int, ...]
) -> dict[str, Any]:
    """The shape of every value, or a list of shapes, found without computing anything."""
    network = Network(program, {n: t.detach().to("meta") for n, t in tensors.items()}).eval()
    shapes: dict[str, Any] = {}

    def note(name: str, value: Any) -> None:
        is_tensor = isinstance(value, Tensor)
        shapes[name] = tuple(value.shape) if is_tensor else [tuple(each.shape) for each in value]

    with torch.no_grad():
        network.values(torch.empty(shape, device="meta"), [program.output], note)
    return shapes


def _followed(call: Call, axes: Axes, shape: Shape | list[Shape]) -> Result:
    if call.operator == "getitem":
        source, place = call.arguments
        assert isinstance(source, ValueOf)
        assert isinstance(place, int)
        found = axes.values[source.value]
        assert isinstance(found, list)
        return found[place]
    notes = axes.notes.setdefault(call.name, {})
    site = Site(call.operator, named_arguments(call, axes), shape, axes.batch, notes)
    rule = rule_of(call.operator)
    if rule is not None:
        return rule(site)
    axes.unknown[call.operator] = axes.unknown.get(call.operator, 0) + 1
    return kept_whole(site, f"'{site.operator}' reads it, which is not understood.")


def named_arguments(call: Call, axes: Axes) -> dict[str, Any]:
    """The arguments by the names of the operator's schema, tensors as their terms."""
    schema = function_of(call.operator)._schema  # type: ignore[attr-defined]
    names = [argument.name for argument in schema.arguments]
    given = dict(zip(names, call.arguments, strict=False)) | dict(call.keywords)
    defaults = {
        argument.name: argument.default_value
        for argument in schema.arguments
        if argument.has_default_value()
    }
    return defaults | {name: _plain(argument, axes) for name, argument in given.items()}


def _plain(argument: Argument, axes: Axes) -> Any:
    match argument:
        case ValueOf():
            return axes.values[argument.value]
        case TensorOf():
            return axes.tensors[argument.tensor]
        case tuple():
            return [_plain(item, axes) for item in argument]
        case Constant() | Training():
            return None
    return argument
