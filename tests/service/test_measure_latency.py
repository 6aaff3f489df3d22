"""The script that measures a device, run as a stranger would: beside torch it imports nothing."""

import ast
import base64
import json
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import SimpleNamespace
from typing import Any

import onnx
import pytest
import torch

from candidates.assembly import assemble, with_program
from candidates.export.latency_models import with_models
from candidates.export.to_onnx.model import onnx_bytes
from candidates.graph.network import Network
from candidates.graph.operators import MAKERS, OPERATORS
from candidates.teacher import Teacher
from candidates.tensors import checkpoint_of
from service.bodies.devices import NewDeviceBody, NewStudentLatencyBody
from service.latency_kit import latency_kit
from service.measure_latency import operators
from service.measure_latency.network import Network as ScriptsNetwork
from service.measure_latency.one_file import MODULES, script
from service.measure_latency.onnx_machine import OnnxMachine
from service.measure_latency.pools import Pools
from service.measure_latency.refused import Refused
from service.measure_latency.torch_machine import TorchMachine
from tests.candidates.networks import ALL, small_teacher

ALONE = """
import runpy, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"candidates", "pydantic", "safetensors", "search", "service"}:
            raise ImportError(f"{name} is not on a target")
sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_script(*arguments: object) -> subprocess.CompletedProcess[str]:
    with NamedTemporaryFile(suffix=".py") as file:
        file.write(script())
        file.flush()
        command = [sys.executable, "-I", "-c", ALONE, file.name, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return small_teacher(ALL["residual"]())


@pytest.fixture
def kit(teacher: Teacher, tmp_path: Path) -> dict[str, Any]:
    """Candidates "narrow" and "same" of the first neighbourhood; "same" is the teacher's part."""
    first = teacher.split.neighbourhoods[0]
    narrow = {width.name: (0, 1) for width in first.widths}
    candidates = []
    for name, kept in {"narrow": narrow, "same": {}}.items():
        part = teacher.narrowed(first, kept)
        file = with_program(checkpoint_of(part.tensors()), part.program)
        path = tmp_path / name
        path.write_bytes(file.to_bytes())
        candidates.append((name, path))
    own = tmp_path / "teacher"
    own.write_bytes(teacher.checkpoint.to_bytes())
    return latency_kit("library_1", own, teacher.split, candidates)


def test_the_one_file_reads_like_one_and_runs_on_old_pythons() -> None:
    text = script().decode()
    tree = ast.parse(text, feature_version=(3, 9))
    assert text.startswith('"""Measure how long a library\'s parts')
    assert text.count("from __future__") == 1
    assert "service.measure_latency" not in text
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(names) == len(set(names))
    assert {path.stem for path in Path(operators.__file__).parent.glob("*.py")} == {
        *MODULES, "__init__", "one_file",
    }  # fmt: skip


def test_it_may_call_what_a_program_may_call_and_nothing_else() -> None:
    assert operators.OPERATORS == OPERATORS
    assert operators.MAKERS == MAKERS


@pytest.mark.parametrize("name", ALL)
def test_it_computes_what_the_network_computes(name: str) -> None:
    teacher = small_teacher(ALL[name]())
    program = teacher.network.program
    shapes = {
        name: [entry.dtype, list(entry.shape)] for name, entry in teacher.checkpoint.tensors.items()
    }
    pools = Pools(torch, torch.device("cpu"))
    plain = program.model_dump(mode="json", exclude_defaults=True)
    theirs = ScriptsNetwork({"program": plain, "tensors": shapes}, pools)
    images = torch.rand(2, *teacher.recipe.input)
    ours = Network(program, theirs.tensors).eval()
    with torch.inference_mode():
        assert torch.equal(theirs(images), ours(images))
    names = [each.input for each in teacher.split.neighbourhoods]
    values = ours.values(images, names)
    assert theirs.shapes(images, names) == {
        name: tuple(value.shape) for name, value in zip(names, values, strict=True)
    }


def test_alone_on_a_target_it_times_the_teacher_its_parts_and_all_candidates(
    kit: dict[str, Any], teacher: Teacher, tmp_path: Path
) -> None:
    given, out = tmp_path / "kit.json", tmp_path / "table.json"
    given.write_text(json.dumps(kit))
    options = ("--threads", 1, "--repeats", 3, "--batch", 2)
    done = run_script("--kit", given, "--name", "here", "--out", out, *options)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.endswith("round 3 of 3\n")
    table = NewDeviceBody.model_validate_json(out.read_bytes())
    assert (table.name, table.library) == ("here", "library_1")
    assert (table.setting.batch, table.setting.threads, table.setting.repeats) == (2, 1, 3)
    assert table.parts.keys() == {each.name for each in teacher.split.neighbourhoods}
    assert table.candidates.keys() == {"narrow", "same"}
    assert all(latency.latency_ms > 0 for latency in (table.teacher, *table.parts.values()))
    assert table.candidates["same"] == table.parts[teacher.split.neighbourhoods[0].name]


def test_it_times_a_student_from_its_file(teacher: Teacher, tmp_path: Path) -> None:
    first = teacher.split.neighbourhoods[0]
    part = teacher.narrowed(first, {width.name: (0, 1) for width in first.widths})
    file = with_program(checkpoint_of(part.tensors()), part.program)
    student, out = tmp_path / "student.safetensors", tmp_path / "latency.json"
    student.write_bytes(assemble(teacher.checkpoint, [file], {}, {}).to_bytes())
    done = run_script(
        "--student", student, "--id", "student_1", "--name", "here", "--out", out, "--repeats", 2
    )
    assert done.returncode == 0, done.stderr
    found = NewStudentLatencyBody.model_validate_json(out.read_bytes())
    assert found.student == "student_1"
    assert found.latency.latency_ms > 0


def test_it_runs_no_operator_that_is_not_on_its_list(kit: dict[str, Any], tmp_path: Path) -> None:
    kit["networks"][0]["program"]["calls"][0]["operator"] = "from_file.default"
    given = tmp_path / "kit.json"
    given.write_text(json.dumps(kit))
    done = run_script("--kit", given, "--name", "here", "--out", tmp_path / "out", "--repeats", 2)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "calls 'from_file.default', which is not on the list of operators.\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_student_is_refused_with_a_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "weights.pth"
    wrong.write_bytes(b"PK\x03\x04" + bytes(100))
    done = run_script("--student", wrong, "--name", "here", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert f"'{wrong}' is no" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_missing_to_post_is_said_before_anything_is_measured(tmp_path: Path) -> None:
    done = run_script("--kit", tmp_path / "kit.json", "--name", "here")
    assert done.returncode == 2
    assert "Give --out FILE" in done.stderr


def test_a_device_that_torch_does_not_know_is_refused_with_a_sentence() -> None:
    options = SimpleNamespace(device="abacus", threads=None)
    with pytest.raises(Refused, match="The device 'abacus' cannot be used"):
        TorchMachine(options)  # type: ignore[arg-type]


def test_onnx_runtime_times_the_teacher_its_parts_and_all_candidates(
    kit: dict[str, Any], teacher: Teacher, tmp_path: Path
) -> None:
    given, out = tmp_path / "kit.json", tmp_path / "table.json"
    given.write_text(json.dumps(with_models(kit)))
    options = ("--runtime", "onnxruntime", "--threads", 1, "--repeats", 3, "--batch", 2)
    done = run_script("--kit", given, "--name", "here", "--out", out, *options)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    table = NewDeviceBody.model_validate_json(out.read_bytes())
    assert table.setting.backend.startswith("onnxruntime ")
    assert table.parts.keys() == {each.name for each in teacher.split.neighbourhoods}
    assert table.candidates.keys() == {"narrow", "same"}
    assert all(latency.latency_ms > 0 for latency in (table.teacher, *table.parts.values()))
    assert table.candidates["same"] == table.parts[teacher.split.neighbourhoods[0].name]


def test_onnx_runtime_needs_a_kit_with_models(kit: dict[str, Any], tmp_path: Path) -> None:
    given = tmp_path / "kit.json"
    given.write_text(json.dumps(kit))
    options = ("--runtime", "onnxruntime", "--out", tmp_path / "out")
    done = run_script("--kit", given, "--name", "here", *options)
    assert (done.returncode, done.stderr) == (
        1, "The kit has no ONNX models. Fetch it with ?runtime=onnxruntime.\n",
    )  # fmt: skip


def test_onnx_runtime_times_a_student_from_its_onnx_file(teacher: Teacher, tmp_path: Path) -> None:
    student, out = tmp_path / "student.onnx", tmp_path / "latency.json"
    student.write_bytes(onnx_bytes(teacher.checkpoint))
    options = ("--runtime", "onnxruntime", "--repeats", 2, "--out", out)
    done = run_script("--student", student, "--id", "student_1", "--name", "here", *options)
    assert done.returncode == 0, done.stderr
    assert NewStudentLatencyBody.model_validate_json(out.read_bytes()).latency.latency_ms > 0


@pytest.mark.parametrize("device", ["abacus", "cuda"])
def test_a_device_that_onnx_runtime_lacks_is_refused_with_a_sentence(device: str) -> None:
    options = SimpleNamespace(device=device, threads=None)
    with pytest.raises(Refused, match=f"The device '{device}' cannot be used"):
        OnnxMachine(options)  # type: ignore[arg-type]


def test_models_of_a_kit_hold_no_weights(kit: dict[str, Any]) -> None:
    for each in with_models(kit)["models"]:
        model = onnx.load_from_string(base64.b64decode(each))
        onnx.checker.check_model(model)
        assert not model.graph.initializer
