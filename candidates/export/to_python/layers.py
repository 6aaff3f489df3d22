"""Layers: which tensors of a program belong to a convolution, a linear layer or a norm."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from candidates.checkpoint import Tensor
from candidates.graph.program import Argument, Call, Program, TensorOf, Training, ValueOf
from candidates.graph.signature import BATCH_NORM, CONVOLUTION, LINEAR, named

LAYER_NORM = ("input", "normalized_shape", "weight", "bias", "eps")
DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
}  # fmt: skip
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


class Layer(NamedTuple):
    """A module of torch: its class with arguments, and the tensors that it holds."""

    function: str
    arguments: tuple[str, ...]
    tensors: frozenset[str]


class Layers:
    """The layers of a program by their paths; other calls read plain tensors."""

    def __init__(self, program: Program, tensors: Mapping[str, Tensor]) -> None:
        self._tensors, self._buffers = tensors, set(program.buffers)
        found: dict[str, set[Layer | None]] = {}
        for call in program.calls:
            for path in {name.rpartition(".")[0] for name in call.tensors()}:
                found.setdefault(path, set()).add(self._layer(call, path))
        below: dict[str, set[str]] = {}
        for name in tensors:
            parts = name.split(".")
            for end in range(1, len(parts)):
                below.setdefault(".".join(parts[:end]), set()).add(name)
        self.by_path: dict[str, Layer] = {}
        for path, layers in found.items():
            layer = next(iter(layers))
            if path and layer and len(layers) == 1 and layer.tensors == below[path]:
                self.by_path[path] = layer

    def applied(self, call: Call) -> str | None:
        """The path of the layer that a call applies to its input, if it does."""
        paths = {name.rpartition(".")[0] for name in call.tensors()}
        if len(paths) != 1 or not isinstance(call.arguments[0], ValueOf):
            return None
        (path,) = paths
        return path if path in self.by_path and self._layer(call, path) else None

    def _layer(self, call: Call, path: str) -> Layer | None:
        reader = _READERS.get(call.operator)
        if reader is None or not isinstance(call.arguments[0], ValueOf):
            return None
        given = named(call, _NAMES[call.operator])
        held = {key: given[key] for key in ("weight", "bias") if given.get(key) is not None}
        if held.get("weight") != TensorOf(tensor=f"{path}.weight"):
            return None
        if held.get("bias", TensorOf(tensor=f"{path}.bias")) != TensorOf(tensor=f"{path}.bias"):
            return None
        names = {f"{path}.{key}" for key in held}
        if names & self._buffers or any(name not in self._tensors for name in names):
            return None
        weight = self._tensors[f"{path}.weight"]
        made = reader(given, weight, path)
        if made is None:
            return None
        function, arguments = made
        if function == "BatchNorm":
            names |= {f"{path}.{key}" for key in _STATISTICS}
        dtype = [] if weight.dtype == "F32" else [f"dtype=torch.{DTYPES[weight.dtype]}"]
        return Layer(function, (*arguments, *dtype), frozenset(names))


Made = tuple[str, list[str]] | None


def _convolution(given: Mapping[str, Argument], weight: Tensor, path: str) -> Made:
    groups, sides = given.get("groups", 1), weight.shape[2:]
    settings = {key: given.get(key, usual) for key, usual in _USUAL.items()}
    if type(groups) is not int or len(sides) != 2 or not all(map(_is_plain, settings.values())):
        return None
    arguments = [str(weight.shape[1] * groups), str(weight.shape[0]), _pair(sides)]
    for key, value in settings.items():
        shown = f'"{value}"' if isinstance(value, str) else _pair(value)
        if shown != _pair(_USUAL[key]):
            arguments.append(f"{key}={shown}")
    if groups != 1:
        arguments.append(f"groups={groups}")
    return "nn.Conv2d", arguments + _without_bias(given)


def _linear(given: Mapping[str, Argument], weight: Tensor, path: str) -> Made:
    if len(weight.shape) != 2:
        return None
    return "nn.Linear", [str(weight.shape[1]), str(weight.shape[0]), *_without_bias(given)]


def _batch_norm(given: Mapping[str, Argument], weight: Tensor, path: str) -> Made:
    kept = {key: TensorOf(tensor=f"{path}.{key}") for key in _STATISTICS[:2]}
    if any(given.get(key) != tensor for key, tensor in kept.items()) or not given.get("bias"):
        return None
    if given.get("training") != Training():
        return None
    arguments = [str(weight.shape[0])]
    for key, usual in (("eps", 1e-5), ("momentum", 0.1)):
        if given[key] != usual:
            arguments.append(f"{key}={given[key]!r}")
    return "BatchNorm", arguments


def _layer_norm(given: Mapping[str, Argument], weight: Tensor, path: str) -> Made:
    if given["normalized_shape"] != weight.shape:
        return None
    eps = given.get("eps", 1e-5)
    shown = [] if eps == 1e-5 else [f"eps={eps!r}"]
    return "nn.LayerNorm", [_sides(weight.shape), *shown, *_without_bias(given)]


def _without_bias(given: Mapping[str, Argument]) -> list[str]:
    return ["bias=False"] if given.get("bias") is None else []


def _is_plain(value: Argument) -> bool:
    """Whether a setting is a word that convolutions know, or numbers."""
    if isinstance(value, str):
        return value in ("same", "valid")
    return isinstance(value, tuple) and all(type(each) is int for each in value)


def _pair(values: object) -> str:
    """One number where both are the same."""
    listed = [values] if isinstance(values, int) else list(values)  # type: ignore[call-overload]
    return str(listed[0]) if len(set(listed)) == 1 else f"({', '.join(map(str, listed))})"


def _sides(shape: Sequence[int]) -> str:
    return str(shape[0]) if len(shape) == 1 else f"({', '.join(map(str, shape))})"


_USUAL: Mapping[str, tuple[int, ...]] = {"stride": (1,), "padding": (0,), "dilation": (1,)}
_READERS = {
    "conv2d.default": _convolution, "conv2d.padding": _convolution, "linear.default": _linear,
    "batch_norm.default": _batch_norm, "layer_norm.default": _layer_norm,
}  # fmt: skip
_NAMES = {
    "conv2d.default": CONVOLUTION, "conv2d.padding": CONVOLUTION, "linear.default": LINEAR,
    "batch_norm.default": BATCH_NORM, "layer_norm.default": LAYER_NORM,
}  # fmt: skip
