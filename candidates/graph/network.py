"""Network: a trainable module that runs a program."""

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from candidates.errors import InvalidProgram
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

Visit = Callable[[str, Any], Any]
"""Is told the name of a value and the value, as soon as it is computed; what it gives back, unless
that is None, takes the value's place.
"""
CONSTANTS = {
    "inf": float("inf"), "-inf": float("-inf"), "nan": float("nan"),
    "bool": torch.bool, "uint8": torch.uint8, "int32": torch.int32, "int64": torch.int64,
    "float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32,
    "float64": torch.float64, "strided": torch.strided,
    "contiguous_format": torch.contiguous_format, "preserve_format": torch.preserve_format,
    "channels_last": torch.channels_last,
}  # fmt: skip
"""What the names in a program's `Constant`s mean."""


class Network(nn.Module):
    """Runs a program. Parameters and buffers have the names that they have in it.

    Tensors that are given as `nn.Parameter` are shared, not copied: parts made by `part` train
    together with the whole. In train mode BatchNorms normalise by the batch and dropout drops.
    """

    def __init__(self, program: Program, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        program.check()
        self.program = program
        self._steps = [Step.of(call) for call in program.calls]
        self._ends: dict[frozenset[str], list[tuple[str, ...]]] = {}
        buffers = set(program.buffers)
        for name in program.tensors():
            _place(self, name, tensors[name], name in buffers)

    def forward(self, inputs: Tensor) -> Tensor:
        """Inputs [N, …] to the program's output; InvalidProgram if that is not one tensor."""
        (output,) = self.values(inputs, [self.program.output])
        if not isinstance(output, Tensor):
            raise InvalidProgram(f"The output '{self.program.output}' is not one tensor.")
        return output

    def values(
        self,
        inputs: Tensor,
        names: Sequence[str],
        visit: Visit | None = None,
        tensors: Mapping[str, Tensor] | None = None,
    ) -> tuple[Any, ...]:
        """The named values, computed without what comes after the last of them.

        Other values are freed as soon as nobody needs them; `visit` sees each before that.
        `tensors`, if given, are all parameters and buffers by name, and its own are not read.
        """
        wanted = frozenset(names)
        known: dict[str, Any] = {self.program.input: inputs}
        missing = set(wanted) - known.keys()
        given = self.tensors() if tensors is None else tensors
        frame = Frame(known, given, inputs.shape[0], self.training, inputs.device)
        for step, ended in zip(self._steps, self._ended(wanted), strict=True):
            if not missing:
                break
            result = step.run(frame)
            changed = None if visit is None else visit(step.name, result)
            known[step.name] = result if changed is None else changed
            missing.discard(step.name)
            for name in ended:
                del known[name]
        return tuple(known[name] for name in names)

    def part(self, after: str, upto: str) -> "Network":
        """The sub-network from one value to another, sharing its tensors with this one."""
        return Network(self.program.part(after, upto), self.tensors()).train(self.training)

    def copied(self) -> "Network":
        """The same network with tensors of its own."""
        tensors = {name: values.detach().clone() for name, values in self.tensors().items()}
        return Network(self.program, tensors).train(self.training)

    def on_meta(self) -> "Network":
        """The same network with tensors that have shapes but no values."""
        tensors = {name: values.detach().to("meta") for name, values in self.tensors().items()}
        return Network(self.program, tensors).train(self.training)

    def num_outputs(self, shape: Sequence[int]) -> int:
        """How many numbers a classifier gives for one image [C, H, W]; nothing is computed."""
        logits = self.on_meta()(torch.empty(1, *shape, device="meta"))
        return int(logits.shape[1])

    def tensors(self) -> dict[str, Tensor]:
        """Parameters and buffers by their names, shared with the network."""
        return {
            **dict(self.named_parameters(remove_duplicate=False)),
            **dict(self.named_buffers(remove_duplicate=False)),
        }

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and deepcopy, which cannot take torch's operators: all but these."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[no-untyped-call]
        return {name: value for name, value in state.items() if name not in ("_steps", "_ends")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        steps = [Step.of(call) for call in state["program"].calls]
        super().__setstate__({**state, "_steps": steps, "_ends": {}})  # type: ignore[no-untyped-call]

    def _ended(self, wanted: frozenset[str]) -> list[tuple[str, ...]]:
        if wanted not in self._ends:
            self._ends[wanted] = _last_uses(self.program, wanted)
        return self._ends[wanted]


class Frame(NamedTuple):
    """What arguments may stand for while a network runs."""

    values: dict[str, Any]
    tensors: Mapping[str, Tensor]
    batch_size: int
    training: bool
    device: torch.device | None = None


class Step(NamedTuple):
    """A call whose operator was looked up."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Argument, ...]
    keywords: dict[str, Argument]
    makes_tensor: bool

    @classmethod
    def of(cls, call: Call) -> "Step":
        """InvalidProgram if this torch lacks the operator."""
        function = function_of(call.operator)
        return cls(call.name, function, call.arguments, call.keywords, call.operator in MAKERS)

    def run(self, frame: Frame) -> Any:
        """What the call gives in a frame."""
        arguments = [resolve(argument, frame) for argument in self.arguments]
        keywords = {key: resolve(argument, frame) for key, argument in self.keywords.items()}
        if self.makes_tensor:
            keywords["device"] = frame.device
        return self.function(*arguments, **keywords)


def function_of(name: str) -> Callable[..., Any]:
    """The function behind the name of an operator; InvalidProgram if this torch lacks it."""
    if name == "getitem":
        return operator.getitem
    base, _, overload = name.partition(".")
    packet = getattr(torch.ops.aten, base, None)
    found: Callable[..., Any] | None = getattr(packet, overload, None)
    if found is None:
        raise InvalidProgram(f"This version of torch has no operator '{name}'.")
    return found


def resolve(argument: Argument, frame: Frame) -> Any:
    """What an argument stands for in a frame."""
    match argument:
        case ValueOf():
            return frame.values[argument.value]
        case TensorOf():
            return frame.tensors[argument.tensor]
        case tuple():
            return [resolve(item, frame) for item in argument]
        case Batch():
            return argument.batch * frame.batch_size
        case Training():
            return frame.training
        case Constant():
            return _meaning(argument.constant)
    return argument


def _meaning(constant: str) -> object:
    if constant not in CONSTANTS:
        raise InvalidProgram(f"No constant is named '{constant}'.")
    return CONSTANTS[constant]


def _last_uses(program: Program, wanted: Collection[str]) -> list[tuple[str, ...]]:
    """For every call, the values that nobody needs after it."""
    result: list[tuple[str, ...]] = []
    later = set(wanted)
    for call in reversed(program.calls):
        ended = {call.name, *call.values()} - later
        later |= ended
        result.append(tuple(ended))
    return result[::-1]


def _place(network: nn.Module, name: str, tensor: Tensor, is_buffer: bool) -> None:
    """Put a tensor under its dotted name, making the modules on the way.

    Into the dictionaries themselves, so that a name may be that of one of the network's methods.
    """
    *path, last = name.split(".")
    here = network
    for step in path:
        _refuse_taken(name, step, here._parameters, here._buffers)
        here = here._modules.setdefault(step, nn.Module())  # type: ignore[assignment]
    _refuse_taken(name, last, here._parameters, here._buffers, here._modules)
    if is_buffer:
        here._buffers[last] = tensor
    elif isinstance(tensor, nn.Parameter):
        here._parameters[last] = tensor
    elif tensor.is_floating_point():
        here._parameters[last] = nn.Parameter(tensor)
    else:
        raise InvalidProgram(f"Tensor '{name}' holds {tensor.dtype}, so it has to be a buffer.")


def _refuse_taken(name: str, step: str, *known: Collection[str]) -> None:
    if step in ("", "training"):
        raise InvalidProgram(f"No tensor can be named '{name}': '{step}' is no name in a module.")
    if any(step in names for names in known):
        raise InvalidProgram(f"No tensor can be named '{name}': '{step}' is a tensor or a module.")
