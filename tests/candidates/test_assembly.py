import json
import subprocess
import sys

import pytest

from candidates.assembly import METADATA_KEY, Description, assemble, widths_of
from candidates.checkpoint import Checkpoint, Tensor
from candidates.errors import InvalidCheckpoint
from candidates.neighbourhood import Neighbourhood, Width
from tests.candidates.builders import TINY

WIDTH = Width(name="a.conv1", size=4, producers=("a.conv1",), carriers=("a.bn1",),
              consumers=("a.conv2",))  # fmt: skip
BLOCK = Neighbourhood(
    name="a", index=0, input="input", output="a", modules=(), widths=(WIDTH,), num_parameters=9
)
TEACHER = Checkpoint({name: Tensor("U8", (1,), b"t") for name in ("stem", "a.conv1", "a.conv2")})


def described(text: str) -> Checkpoint:
    return Checkpoint({}, {METADATA_KEY: text})


def refusal(text: str) -> str:
    with pytest.raises(InvalidCheckpoint) as caught:
        Description.of(described(text))
    return str(caught.value)


def test_a_students_tensors_are_the_teachers_with_those_of_its_parts() -> None:
    part = Checkpoint({"a.conv1": Tensor("U8", (1,), b"c")})
    student = assemble(TEACHER, TINY, [BLOCK], [part], {"a.conv1": (1,)}, {"strategy": "exact"})
    assert {name: tensor.data for name, tensor in student.tensors.items()} == {
        "stem": b"t", "a.conv1": b"c", "a.conv2": b"t",
    }  # fmt: skip


def test_a_student_describes_itself() -> None:
    student = assemble(TEACHER, TINY, [BLOCK], [], {"a.conv1": (1, 3)}, {"strategy": "exact"})
    again = Description.of(Checkpoint.from_bytes(student.to_bytes()))
    assert again.recipe == TINY
    assert again.kept == {"a.conv1": (1, 3)}
    assert again.provenance == {"strategy": "exact"}
    assert again.widths == {"a.conv1": {"out": 2}, "a.bn1": {"out": 2}, "a.conv2": {"in": 2}}


def test_a_part_with_a_tensor_that_the_teacher_lacks_is_refused() -> None:
    part = Checkpoint({"b.conv1": Tensor("U8", (1,), b"c")})
    with pytest.raises(InvalidCheckpoint, match=r"'b\.conv1', which its teacher lacks"):
        assemble(TEACHER, TINY, [BLOCK], [part], {}, {})


@pytest.mark.parametrize("kept", [{}, {"a.conv1": (0, 1, 2, 3)}], ids=str)
def test_widths_that_stay_whole_are_not_described(kept: dict[str, tuple[int, ...]]) -> None:
    assert widths_of([BLOCK], kept) == {}


def test_a_module_between_two_widths_has_both_counts() -> None:
    second = Width(name="a.conv2", size=6, producers=("a.conv2",), carriers=(),
                   consumers=("a.conv3",))  # fmt: skip
    block = BLOCK.model_copy(update={"widths": (WIDTH, second)})
    found = widths_of([block], {"a.conv1": (0,), "a.conv2": (1, 2)})
    assert found["a.conv2"] == {"in": 1, "out": 2}


def test_a_file_without_a_description_is_no_student() -> None:
    with pytest.raises(InvalidCheckpoint, match="so it is not a student"):
        Description.of(TEACHER)


VALID = json.loads(Description(recipe=TINY, widths={}, kept={}).model_dump_json())


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"format": 2}, "format"),
        ({"recipe": None}, "recipe"),
        ({"recipe": {**VALID["recipe"], "input": [1, 1, 1]}}, "recipe.input"),
        ({"widths": {"conv1": {"out": "many"}}}, "widths.conv1.out"),
        ({"kept": [1]}, "kept"),
        ({"code": "import os"}, "code"),
    ],
    ids=str,
)
def test_a_changed_description_is_refused_and_says_where(
    changes: dict[str, object], where: str
) -> None:
    assert f"wrong at '{where}" in refusal(json.dumps({**VALID, **changes}))


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "\x00", "[" * 10_000, '{"a":"\\ud800"}'])
def test_a_description_that_is_no_json_object_is_refused(text: str) -> None:
    assert "description is wrong" in refusal(text)


def test_assembly_imports_no_torch() -> None:
    program = "import sys, candidates.assembly; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
