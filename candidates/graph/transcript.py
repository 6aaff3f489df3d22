"""Transcript: the graph of an exported network as calls on named values and tensors."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx

from candidates.errors import UnsplittableTeacher
from candidates.graph.network import CONSTANTS
from candidates.graph.program import Argument, Call, Constant, TensorOf, ValueOf

_ASSERTIONS = ("_assert", "sym_constrain", "_assert_tensor_metadata", "_guards")


class Transcript:
    """The calls of an exported network in their order, and the name of each output's value."""

    def __init__(self, exported: torch.export.ExportedProgram, input_name: str) -> None:
        signature = exported.graph_signature
        named = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        self.calls: list[Call] = []
        self._known: dict[fx.Node, Any] = {}
        inputs = [
            TensorOf(tensor=named[node.name]) if node.name in named else ValueOf(value=input_name)
            for node in exported.graph.nodes
            if node.op == "placeholder"
        ]
        outputs = self._read(exported.graph_module, inputs, "")
        self.outputs = tuple(each.value for each in outputs if isinstance(each, ValueOf))

    def _read(self, module: fx.GraphModule, inputs: Sequence[Argument], prefix: str) -> Any:
        """Append the calls of a graph that is given these inputs; what it gives."""
        waiting = iter(inputs)
        for node in module.graph.nodes:
            if node.op == "placeholder":
                self._known[node] = next(waiting)
            elif node.op == "output":
                return self._argument(node.args[0])
            elif node.op == "call_function" and not _is_assertion(node):
                self._known[node] = self._value(module, node, prefix)
        raise AssertionError("A graph ends with its output.")

    def _value(self, module: fx.GraphModule, node: fx.Node, prefix: str) -> Any:
        name = operator_name(node.target)
        source = self._known.get(node.args[0]) if isinstance(node.args[0], fx.Node) else None
        if isinstance(source, tuple):
            _, place = node.args
            assert isinstance(place, int)
            return source[place]
        if isinstance(node.target, torch._ops.HigherOrderOperator):
            return self._within(module, node, prefix)
        call = Call(
            name=f"{prefix}{node.name}",
            operator=name,
            arguments=tuple(self._argument(argument) for argument in node.args),
            keywords={key: self._argument(value) for key, value in node.kwargs.items()},
            scope=_scope(node),
        )
        self.calls.append(call)
        return ValueOf(value=call.name)

    def _within(self, module: fx.GraphModule, node: fx.Node, prefix: str) -> Any:
        """What a graph within the graph gives, which runs with autocast or gradients off."""
        name = operator_name(node.target)
        position = _SUBGRAPHS.get(name)
        if position is None or (name == "wrap_with_autocast" and node.args[2]):
            raise UnsplittableTeacher(
                f"'{name}' in '{_scope(node)}' runs a part of the network in another mode. Only "
                "torch.no_grad() and autocast with enabled=False can be followed."
            )
        subgraph, *inputs = node.args[position:]
        assert isinstance(subgraph, fx.Node)
        inner = getattr(module, str(subgraph.target))
        arguments = [self._argument(argument) for argument in inputs]
        return self._read(inner, arguments, f"{prefix}{node.name}.")

    def _argument(self, argument: Any) -> Argument:
        if isinstance(argument, fx.Node):
            known: Argument = self._known[argument]
            return known
        return plain_argument(argument, self._argument)


_SUBGRAPHS = {"wrap_with_autocast": 4, "wrap_with_set_grad_enabled": 1}
"""Where the arguments of an operator that runs a graph name that graph; its inputs follow."""


def operator_name(target: Any) -> str:
    """`conv2d.default` for torch.ops.aten.conv2d.default; the full name for other libraries."""
    if isinstance(target, torch._ops.OpOverload):
        return str(target).removeprefix("aten.")
    return str(getattr(target, "__name__", target))


def plain_argument(argument: Any, inner: Callable[[Any], Argument]) -> Argument:
    """An argument that is no value: numbers and texts as they are, others as constants."""
    if isinstance(argument, list | tuple):
        return tuple(inner(item) for item in argument)
    if isinstance(argument, float) and argument in (float("inf"), float("-inf")):
        return Constant(constant=str(argument))
    if argument is None or isinstance(argument, bool | int | float | str):
        return argument
    if isinstance(argument, torch.device):
        return None
    name = str(argument).removeprefix("torch.")
    if name in CONSTANTS:
        return Constant(constant=name)
    raise UnsplittableTeacher(f"An operator takes the argument {argument!r}, which has no name.")


def _is_assertion(node: fx.Node) -> bool:
    return any(word in str(node.target) for word in _ASSERTIONS)


def _scope(node: fx.Node) -> str:
    """The path of the innermost module in whose forward a node was traced."""
    stack = node.meta.get("nn_module_stack") or {}
    return str(list(stack.values())[-1][0]) if stack else ""
