"""Statements: calls of a program as lines of Python."""

from collections.abc import Mapping

from candidates.errors import NotExportable
from candidates.export.to_python.layers import Layers
from candidates.export.to_python.names import locals_in_turn, path_of, quoted
from candidates.export.to_python.writing import called, listed
from candidates.graph.operators import MAKERS
from candidates.graph.program import (
    Argument,
    Batch,
    Call,
    Constant,
    Program,
    TensorOf,
    Training,
    ValueOf,
)

SIGNS = {
    "add.Tensor": "+", "add.Scalar": "+", "sub.Tensor": "-", "sub.Scalar": "-", "mul.Tensor": "*",
    "mul.Scalar": "*", "div.Tensor": "/", "div.Scalar": "/", "matmul.default": "@",
}  # fmt: skip
FUNCTIONS = {
    "relu.default": "F.relu", "relu6.default": "F.relu6", "gelu.default": "F.gelu",
    "silu.default": "F.silu", "hardswish.default": "F.hardswish", "mish.default": "F.mish",
    "hardsigmoid.default": "F.hardsigmoid", "hardtanh.default": "F.hardtanh",
    "leaky_relu.default": "F.leaky_relu", "dropout.default": "F.dropout",
    "conv2d.default": "F.conv2d", "conv2d.padding": "F.conv2d", "linear.default": "F.linear",
    "adaptive_avg_pool2d.default": "F.adaptive_avg_pool2d",
    "pad.default": "F.pad",
    "avg_pool2d.default": "F.avg_pool2d", "max_pool2d.default": "F.max_pool2d",
    "sigmoid.default": "torch.sigmoid", "tanh.default": "torch.tanh", "exp.default": "torch.exp",
    "flatten.using_ints": "torch.flatten", "cat.default": "torch.cat",
    "stack.default": "torch.stack", "permute.default": "torch.permute",
    "transpose.int": "torch.transpose", "reshape.default": "torch.reshape",
    "softmax.int": "torch.softmax", "mean.dim": "torch.mean", "roll.default": "torch.roll",
    "unsqueeze.default": "torch.unsqueeze", "squeeze.dim": "torch.squeeze",
    "chunk.default": "torch.chunk", "unbind.int": "torch.unbind", "select.int": "torch.select",
}  # fmt: skip
"""Where torch's own function takes the operator's arguments in the operator's order."""
CONSTANTS = {
    "inf": 'float("inf")', "-inf": 'float("-inf")', "nan": 'float("nan")',
    **{
        name: f"torch.{name}"
        for name in (
            "bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64",
            "strided", "contiguous_format", "preserve_format", "channels_last",
        )
    },
}  # fmt: skip


class Statements:
    """The lines of a forward; values take the place of those that are needed no more."""

    def __init__(self, program: Program, layers: Layers, depth: int) -> None:
        self._layers, self._depth = layers, depth
        self._names: dict[str, str] = {program.input: "images"}
        self.reads_batch = False
        self.lines: list[str] = []
        ends = _ends(program)
        for call in program.calls:
            self._write(call, ends)
        self.lines.append(f"{'    ' * depth}return {self._names[program.output]}")

    def _write(self, call: Call, ends: Mapping[str, str]) -> None:
        given = dict(self._names)
        for value in call.values():
            if ends.get(value) == call.name:
                del self._names[value]
        needed = {*self._names.values(), "images"}
        last = given.get(call.values()[-1], "") if call.values() else ""
        fallback = locals_in_turn(needed)
        name = last if last and last not in needed else fallback
        function, arguments = self._parts(call, given)
        if not function:
            self.lines += [f"{'    ' * self._depth}{name} = {arguments[0]}"]
        else:
            self.lines += called(function, arguments, self._depth, f"{name} = ")
        if call.name in ends:
            self._names[call.name] = name

    def _parts(self, call: Call, given: Mapping[str, str]) -> tuple[str, list[str]]:
        """A function and its arguments, or no function and an expression."""
        layer = self._layers.applied(call)
        shown = [self._shown(each, given) for each in call.arguments]
        if layer is not None:
            return path_of(layer), shown[:1]
        if call.operator == "getitem":
            return "", [f"{shown[0]}[{shown[1]}]"]
        if call.operator in SIGNS and len(shown) == 2 and not call.keywords:
            return "", [f"{shown[0]} {SIGNS[call.operator]} {shown[1]}"]
        keywords = [f"{_keyword(key)}={self._shown(each, given)}"
                    for key, each in call.keywords.items()]  # fmt: skip
        if call.operator in MAKERS:
            keywords = [each for each in keywords if not each.startswith("device=")]
            keywords.append("device=images.device")
        plain = FUNCTIONS.get(call.operator) if not keywords else None
        return plain or f"aten.{call.operator}", shown + keywords

    def _shown(self, argument: Argument, given: Mapping[str, str]) -> str:
        match argument:
            case ValueOf():
                return given[argument.value]
            case TensorOf():
                return path_of(argument.tensor)
            case tuple():
                return listed([self._shown(each, given) for each in argument])
            case Batch():
                self.reads_batch = True
                return "batch" if argument.batch == 1 else f"{argument.batch} * batch"
            case Training():
                return "self.training"
            case Constant():
                return _constant(argument.constant)
            case str():
                return quoted(argument)
        return repr(argument)


def _constant(name: str) -> str:
    if name not in CONSTANTS:
        raise NotExportable(f"No constant is named '{name}', so it cannot be written as Python.")
    return CONSTANTS[name]


def _keyword(name: str) -> str:
    if not (name.isidentifier() and name.isascii()):
        raise NotExportable(f"No operator takes an argument named {quoted(name)}.")
    return name


def _ends(program: Program) -> dict[str, str]:
    """For every value that is read, the last call that reads it; the output is read at the end."""
    ends = {value: call.name for call in program.calls for value in call.values()}
    return {**ends, program.output: ""}
