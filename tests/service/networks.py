"""A teacher's file and its candidates' that nothing runs: enough to be assembled without torch.

Three neighbourhoods of `convN.weight` [4, 2, 3, 3] and `outN.weight` [2, 4], then `fc.weight`.
"""

import struct

from candidates.assembly import Description, with_program
from candidates.checkpoint import Checkpoint, Tensor
from candidates.graph.neighbourhood import Neighbourhood, Split, Width
from candidates.graph.program import Call, Program, TensorOf, ValueOf
from candidates.recipe import TeacherRecipe

NUM_NEIGHBOURHOODS, NUM_CHANNELS = 3, 4
NUM_CLASSES = 10


def split() -> Split:
    parts = tuple(_neighbourhood(index) for index in range(NUM_NEIGHBOURHOODS))
    return Split(neighbourhoods=parts, left_out=(), coverage=0.96, shrinkable=0.96)


def teacher_weights() -> Checkpoint:
    """What is posted with a recipe."""
    tensors = {"fc.weight": _tensor(NUM_CLASSES)}
    for index in range(NUM_NEIGHBOURHOODS):
        tensors |= candidate_file(index, NUM_CHANNELS).tensors
    return Checkpoint(tensors)


def teacher_file(recipe: TeacherRecipe) -> Checkpoint:
    """The teacher's own file, as a job makes it."""
    calls = [call for index in range(NUM_NEIGHBOURHOODS) for call in _calls(index)]
    logits = _call("logits", "mul.Tensor", calls[-1].name, "fc.weight")
    program = Program(input="input", calls=(*calls, logits), output="logits")
    return with_program(teacher_weights(), program, Description(recipe=recipe))


def candidate_file(index: int, width: int) -> Checkpoint:
    tensors = {
        f"conv{index}.weight": _tensor(width, 2, 3, 3),
        f"out{index}.weight": _tensor(2, width),
    }
    calls = _calls(index)
    program = Program(input=_before(index), calls=calls, output=calls[-1].name)
    return with_program(Checkpoint(tensors), program)


def _calls(index: int) -> tuple[Call, ...]:
    return (
        _call(f"conv{index}", "conv2d.default", _before(index), f"conv{index}.weight"),
        _call(f"out{index}", "linear.default", f"conv{index}", f"out{index}.weight"),
    )


def _before(index: int) -> str:
    return f"out{index - 1}" if index else "input"


def _call(name: str, operator: str, value: str, tensor: str) -> Call:
    arguments = (ValueOf(value=value), TensorOf(tensor=tensor))
    return Call(name=name, operator=operator, arguments=arguments, scope=name)


def _tensor(*shape: int) -> Tensor:
    num_items = 1
    for side in shape:
        num_items *= side
    values = [float(value) for value in range(num_items)]
    return Tensor("F32", shape, struct.pack(f"<{num_items}f", *values))


def _neighbourhood(index: int) -> Neighbourhood:
    width = Width(
        name=f"block{index}.inner",
        size=NUM_CHANNELS,
        producers=(f"conv{index}",),
        consumers=(f"out{index}",),
    )
    return Neighbourhood(
        name=f"block{index}",
        index=index,
        input=_before(index),
        output=f"out{index}",
        cut=_before(index),
        modules=(f"block{index}.conv", f"block{index}.out"),
        widths=(width,),
        num_parameters=80,
    )
