import subprocess
import sys

import pytest
import torch

from candidates.assembly import Description, assemble, description_of, program_of, with_program
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint, InvalidProgram
from candidates.graph.program import Call, Program, TensorOf, ValueOf
from candidates.student import build_student
from candidates.tensors import checkpoint_of
from tests.candidates.networks import SMALL, Residual, small_teacher

IMAGES = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def teacher():
    return small_teacher(Residual(), "pair")


def part_of(teacher, index: int, **kept: tuple[int, ...]) -> Checkpoint:
    each = teacher.split.neighbourhoods[index]
    part = teacher.narrowed(
        each, {width.name: kept["kept"] for width in each.widths} if kept else {}
    )
    return with_program(checkpoint_of(part.tensors()), part.program)


def replacement(teacher, index: int, *calls: Call, **tensors: torch.Tensor) -> Checkpoint:
    each = teacher.split.neighbourhoods[index]
    program = Program(input=each.input, calls=calls, output=each.output)
    return with_program(checkpoint_of(tensors), program)


def test_tensors_come_from_the_parts_and_otherwise_from_the_teacher(teacher):
    student = assemble(teacher.checkpoint, [part_of(teacher, 0, kept=(1, 4))], {}, {})
    shapes = {name: each.shape for name, each in student.tensors.items()}
    assert shapes["first.one.weight"] == (2, 8, 3, 3)
    assert shapes["first.two.weight"] == (8, 2, 3, 3)
    assert shapes["second.one.weight"] == (6, 8, 3, 3)
    assert student.tensors["stem.weight"] == teacher.checkpoint.tensors["stem.weight"]


def test_the_file_says_what_was_kept_and_where_it_came_from(teacher):
    student = assemble(teacher.checkpoint, [], {"first.one": (1, 4)}, {"strategy": "exact"})
    again = Checkpoint.from_bytes(student.to_bytes())
    assert description_of(again) == Description(
        recipe=SMALL, kept={"first.one": (1, 4)}, provenance={"strategy": "exact"}
    )
    assert program_of(again) == program_of(teacher.checkpoint)


def test_without_parts_it_is_the_teacher(teacher):
    student = assemble(teacher.checkpoint, [], {}, {})
    assert student.tensors == teacher.checkpoint.tensors
    assert torch.equal(build_student(student)(IMAGES), teacher.network(IMAGES))


def test_the_order_of_parts_does_not_matter(teacher):
    parts = [part_of(teacher, index, kept=(0, 2, 5)) for index in range(2)]
    one, other = (assemble(teacher.checkpoint, each, {}, {}) for each in (parts, parts[::-1]))
    assert one.to_bytes() == other.to_bytes()


def test_a_part_may_be_another_program_with_tensors_of_its_own(teacher):
    each = teacher.split.neighbourhoods[0]
    calls = (
        Call(
            name="new", operator="conv2d.default",
            arguments=(ValueOf(value=each.input), TensorOf(tensor="first.one.new")),
        ),
        Call(name=each.output, operator="relu.default", arguments=(ValueOf(value="new"),)),
    )  # fmt: skip
    part = replacement(teacher, 0, *calls, **{"first.one.new": torch.ones(8, 8, 1, 1)})
    student = build_student(assemble(teacher.checkpoint, [part], {}, {}))
    assert "first.one.new" in student.state_dict()
    assert "first.one.weight" not in student.state_dict()
    assert student(IMAGES).shape == (3, 4)


def test_a_part_may_do_nothing_but_pass_its_input_on(teacher):
    each = teacher.split.neighbourhoods[0]
    passed = Call(
        name=each.output, operator="clone.default", arguments=(ValueOf(value=each.input),)
    )
    student = build_student(assemble(teacher.checkpoint, [replacement(teacher, 0, passed)], {}, {}))
    assert not any(name.startswith("first") for name in student.state_dict())
    assert student(IMAGES).shape == (3, 4)


def test_a_name_that_the_teacher_uses_elsewhere_is_refused(teacher):
    each = teacher.split.neighbourhoods[0]
    taken = teacher.network.program.calls[0].name
    calls = (
        Call(name=taken, operator="neg.default", arguments=(ValueOf(value=each.input),)),
        Call(name=each.output, operator="relu.default", arguments=(ValueOf(value=taken),)),
    )
    with pytest.raises(InvalidProgram, match=f"Two calls are named '{taken}'"):
        assemble(teacher.checkpoint, [replacement(teacher, 0, *calls)], {}, {})


def test_a_tensor_that_no_part_holds_is_named(teacher):
    part = part_of(teacher, 0)
    each = teacher.split.neighbourhoods[0]
    call = Call(
        name=each.output, operator="mul.Tensor",
        arguments=(ValueOf(value=each.input), TensorOf(tensor="nowhere")),
    )  # fmt: skip
    missing = replacement(teacher, 0, call)
    with pytest.raises(InvalidProgram, match="reads 'nowhere', which no part holds"):
        assemble(teacher.checkpoint, [Checkpoint(part.tensors, missing.metadata)], {}, {})


def test_a_part_without_a_program_is_refused(teacher):
    with pytest.raises(InvalidCheckpoint, match="has no 'program' metadata"):
        assemble(teacher.checkpoint, [Checkpoint(part_of(teacher, 0).tensors)], {}, {})


def test_assembly_needs_no_torch():
    code = "import sys, candidates.assembly; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
