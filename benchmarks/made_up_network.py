"""Made-up network: residual blocks as programs with random tensors, as a teacher and candidates."""

import numpy as np

from candidates.assembly import Description, with_program
from candidates.checkpoint import Checkpoint, Tensor
from candidates.graph.neighbourhood import Neighbourhood, Split, Width
from candidates.graph.program import Argument, Call, Program, TensorOf, Training, ValueOf
from candidates.recipe import TeacherRecipe

CHANNELS = (16, 32, 64)
NUM_CLASSES = 10
INPUT, LOGITS = "input", "logits"


def split(num_neighbourhoods: int) -> Split:
    """Blocks of growing width, one inner width each."""
    parts = tuple(_neighbourhood(n, num_neighbourhoods) for n in range(num_neighbourhoods))
    return Split(neighbourhoods=parts, left_out=(), coverage=0.99, shrinkable=0.99)


def teacher_file(parts: Split, recipe: TeacherRecipe, random: np.random.Generator) -> Checkpoint:
    """All blocks at full width, and a head."""
    tensors: dict[str, Tensor] = {"fc.weight": _tensor(random, (NUM_CLASSES, CHANNELS[-1]))}
    calls: list[Call] = []
    for part in parts.neighbourhoods:
        tensors |= _weights(part, part.widths[0].size, random)
        calls += _calls(part)
    calls.append(_call(LOGITS, "linear.default", _value(calls[-1].name), _named("fc.weight")))
    program = Program(input=INPUT, calls=tuple(calls), output=LOGITS, buffers=_buffers(tensors))
    return with_program(Checkpoint(tensors), program, Description(recipe=recipe))


def candidate_file(part: Neighbourhood, kept: int, random: np.random.Generator) -> Checkpoint:
    """One block with so many inner channels."""
    tensors = _weights(part, kept, random)
    program = Program(
        input=part.input, calls=tuple(_calls(part)), output=part.output, buffers=_buffers(tensors)
    )
    return with_program(Checkpoint(tensors), program)


def _neighbourhood(index: int, total: int) -> Neighbourhood:
    channels = CHANNELS[index * len(CHANNELS) // total]
    name = f"blocks.{index}"
    width = Width(
        name=f"{name}.conv1",
        size=channels,
        producers=(f"{name}.conv1",),
        consumers=(f"{name}.conv2",),
    )
    before = f"blocks.{index - 1}.relu2" if index else INPUT
    return Neighbourhood(
        name=name,
        index=index,
        input=before,
        output=f"{name}.relu2",
        cut=before,
        modules=tuple(f"{name}.{module}" for module in ("conv1", "bn1", "conv2", "bn2")),
        widths=(width,),
        num_parameters=18 * channels**2 + 4 * channels,
    )


def _calls(part: Neighbourhood) -> list[Call]:
    """A residual block, as a trace has it."""
    name = part.name
    return [
        *_convolution(name, "1", part.input),
        _call(f"{name}.relu1", "relu.default", _value(f"{name}.bn1")),
        *_convolution(name, "2", f"{name}.relu1"),
        _call(f"{name}.add", "add.Tensor", _value(f"{name}.bn2"), _value(part.input)),
        _call(part.output, "relu.default", _value(f"{name}.add")),
    ]


def _convolution(block: str, number: str, value: str) -> list[Call]:
    conv, bn = f"{block}.conv{number}", f"{block}.bn{number}"
    kinds = ("weight", "bias", "running_mean", "running_var")
    tensors = [_named(f"{bn}.{kind}") for kind in kinds]
    sides = (None, (1, 1), (1, 1))
    return [
        _call(conv, "conv2d.default", _value(value), _named(f"{conv}.weight"), *sides),
        _call(bn, "batch_norm.default", _value(conv), *tensors, Training(), 0.1, 1e-5, True),
    ]


def _call(name: str, operator: str, *arguments: Argument) -> Call:
    return Call(name=name, operator=operator, arguments=arguments, scope=name)


def _value(name: str) -> ValueOf:
    return ValueOf(value=name)


def _named(name: str) -> TensorOf:
    return TensorOf(tensor=name)


def _weights(part: Neighbourhood, kept: int, random: np.random.Generator) -> dict[str, Tensor]:
    channels = part.widths[0].size
    shapes: dict[str, tuple[int, ...]] = {
        f"{part.name}.conv1.weight": (kept, channels, 3, 3),
        f"{part.name}.conv2.weight": (channels, kept, 3, 3),
    }
    for norm, size in (("bn1", kept), ("bn2", channels)):
        for kind in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{part.name}.{norm}.{kind}"] = (size,)
    return {name: _tensor(random, shape) for name, shape in shapes.items()}


def _buffers(tensors: dict[str, Tensor]) -> tuple[str, ...]:
    return tuple(name for name in tensors if ".running_" in name)


def _tensor(random: np.random.Generator, shape: tuple[int, ...]) -> Tensor:
    return Tensor("F32", shape, random.standard_normal(shape, dtype=np.float32).tobytes())
