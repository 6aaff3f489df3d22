"""Signature: the arguments of operators by their names."""

from candidates.graph.program import Argument, Call, TensorOf, ValueOf

CONVOLUTION = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
LINEAR = ("input", "weight", "bias")
BATCH_NORM = (
    "input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps",
    "cudnn_enabled",
)  # fmt: skip


def named(call: Call, names: tuple[str, ...]) -> dict[str, Argument]:
    """The arguments of a call by name; those that it leaves to their defaults are missing."""
    return {**dict(zip(names, call.arguments, strict=False)), **call.keywords}


def value_in(argument: Argument) -> str | None:
    """The name of the value that an argument stands for, if it does."""
    return argument.value if isinstance(argument, ValueOf) else None


def tensor_in(argument: Argument) -> str | None:
    """The name of the tensor that an argument stands for, if it does."""
    return argument.tensor if isinstance(argument, TensorOf) else None
