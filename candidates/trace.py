"""Trace: from a module and an example of its input to a program and its tensors."""

import logging
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn

from candidates.canonical import canonical
from candidates.drop_path import with_visible_drop_path
from candidates.errors import UnsplittableTeacher
from candidates.network import CONSTANTS
from candidates.program import Argument, Call, Constant, Program, TensorOf, ValueOf

BATCH_SIZE = 13
"""Of the example: a number that hardly any other size is a multiple of."""
INPUT = "input"
"""The name of a traced program's input."""
_ASSERTIONS = ("_assert", "sym_constrain", "_assert_tensor_metadata", "_guards")


class Traced(NamedTuple):
    """A program and all its tensors; `constants` are those that the module's state lacks."""

    program: Program
    tensors: dict[str, Tensor]


def trace(network: nn.Module, shape: tuple[int, ...]) -> Traced:
    """The program of a network in eval mode, for images of a shape [C, H, W] in any number.

    Parameters keep their names. Raises UnsplittableTeacher saying what cannot be followed.
    """
    network = with_visible_drop_path(network.eval())
    example = torch.zeros(BATCH_SIZE, *shape)
    exported = _export(network, example)
    tensors = _tensors_of(exported)
    (user_input,) = exported.graph_signature.user_inputs
    outputs = exported.graph_signature.user_outputs
    if len(outputs) != 1:
        raise UnsplittableTeacher(
            f"{type(network).__name__} gives {len(outputs)} outputs; a classifier gives its "
            "logits alone. Wrap it in a module that returns only these."
        )
    reader = _Reader(exported, str(user_input))
    calls = [reader.call(node) for node in exported.graph.nodes if _computes(node)]
    program = Program.model_construct(
        input=INPUT, calls=tuple(calls), output=reader.names[str(outputs[0])],
        buffers=tuple(name for name, value in tensors.items() if not _is_parameter(value)),
    )  # fmt: skip
    nameless = tensors.keys() - exported.state_dict.keys()
    return Traced(*canonical(program, tensors, nameless, BATCH_SIZE))


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


def _computes(node: fx.Node) -> bool:
    if node.op != "call_function":
        return False
    return not any(word in str(node.target) for word in _ASSERTIONS)


class _Reader:
    """Turns the nodes of an exported graph into calls."""

    def __init__(self, exported: torch.export.ExportedProgram, user_input: str) -> None:
        signature = exported.graph_signature
        self.tensors = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        self.names = {user_input: INPUT}

    def call(self, node: fx.Node) -> Call:
        self.names[node.name] = node.name
        return Call(
            name=node.name,
            operator=operator_name(node.target),
            arguments=tuple(self._argument(argument) for argument in node.args),
            keywords={key: self._argument(value) for key, value in node.kwargs.items()},
            scope=_scope(node),
        )

    def _argument(self, argument: Any) -> Argument:
        if isinstance(argument, fx.Node):
            if argument.name in self.tensors:
                return TensorOf(tensor=self.tensors[argument.name])
            return ValueOf(value=self.names[argument.name])
        return plain_argument(argument, self._argument)


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


def _scope(node: fx.Node) -> str:
    """The path of the innermost module in whose forward a node was traced."""
    stack = node.meta.get("nn_module_stack") or {}
    return str(list(stack.values())[-1][0]) if stack else ""
