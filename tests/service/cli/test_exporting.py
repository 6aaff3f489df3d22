import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from candidates.export.formats import FORMATS
from service.cli import app
from tests.candidates.export.students import student_of
from tests.candidates.graph.rules.harness import Classifier, conv, pooled

ALONE = """
import sys
for name in ("torch", "onnx"):
    sys.modules[name] = None
from service.cli import main
sys.argv = ["student-search", *sys.argv[1:]]
main()
"""


@pytest.fixture
def student(tmp_path: Path) -> Path:
    body = Classifier(lambda net, x: pooled(net.conv(x)), conv=conv(3, 4))
    path = tmp_path / "small.safetensors"
    path.write_bytes(student_of(body)[0].to_bytes())
    return path


def run_without_torch(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", ALONE, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("format", ["pt2", "onnx", "python", "zip"])
def test_a_file_is_written_beside_the_student(student: Path, format: str) -> None:
    done = CliRunner().invoke(app, ["export", str(student), "--format", format])
    target = student.with_suffix(FORMATS[format].suffix)  # type: ignore[index]
    assert (done.exit_code, done.stdout.strip()) == (0, str(target))
    assert target.stat().st_size > 500


def test_python_and_archives_need_neither_torch_nor_onnx(student: Path) -> None:
    for format in ("python", "zip"):
        done = run_without_torch("export", student, "--format", format)
        assert done.returncode == 0, done.stderr


def test_without_torch_a_sentence_says_what_to_do(student: Path) -> None:
    done = run_without_torch("export", student, "--format", "pt2")
    assert (done.returncode, done.stdout) == (1, "")
    assert "torch has to be installed where they are written" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_card_names_the_licence(student: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.zip"
    options = ["--format", "zip", "--license", "apache-2.0", "--out", str(out)]
    assert CliRunner().invoke(app, ["export", str(student), *options]).exit_code == 0
    assert b'license: "apache-2.0"' in out.read_bytes()
