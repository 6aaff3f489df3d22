"""Commands that need no service: measure, bench and fine-tune."""

import json
from pathlib import Path

import pytest
from torch import nn

from tests.candidates.export.students import student_of
from tests.service import tiny
from tests.service.cli.typed import typed

SHAPE = (1, 8, 8)


@pytest.fixture
def student(tmp_path: Path) -> Path:
    layers = (nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    path = tmp_path / "student.safetensors"
    path.write_bytes(student_of(nn.Sequential(*layers), SHAPE)[0].to_bytes())
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    tiny.write_archive(tmp_path / "images.tar")
    return tmp_path / "images.tar"


def test_a_file_is_measured_on_ones_own_images(student: Path, images: Path) -> None:
    done = typed("measure", str(student), str(images), "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["num_images"] == 20
    assert 0 <= found["accuracy"]["value"] <= 100
    shown = typed("measure", str(student), str(images), "--device", "cpu")
    assert shown.stdout.startswith(f"{found['accuracy']['value']:.2f} ± ")


def test_images_of_another_size_are_refused(student: Path, tmp_path: Path) -> None:
    tiny.write_archive(tmp_path / "large.tar", sides=(9, 9))
    done = typed("measure", str(student), str(tmp_path / "large.tar"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr


def test_a_student_is_timed_beside_its_teacher(student: Path) -> None:
    few = ("--repeats", "2", "--threads", "1")
    done = typed("bench", str(student), str(student), *few, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["student"]["latency_ms"] > 0
    assert found["teacher"]["spread_ms"] >= 0
    assert found["setting"]["threads"] == 1
    assert "times as fast as the teacher" in typed("bench", str(student), str(student), *few).stderr


def test_timing_writes_four_lines_where_nobody_looks(student: Path) -> None:
    told = typed("bench", str(student), "--repeats", "30", "--threads", "1").stderr
    assert "\r" not in told
    assert told.splitlines() == [f"1 networks, round {done} of 30" for done in (8, 15, 23, 30)]


def test_what_is_no_student_cannot_be_timed(images: Path) -> None:
    done = typed("bench", str(images))
    assert (done.returncode, done.stdout) == (1, "")
    assert "is no" in done.stderr


def test_a_student_is_fine_tuned_and_its_gain_told(
    student: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "tuned.safetensors"
    quick = ("--steps", "2", "--batch-size", "16", "--device", "cpu")
    done = typed("fine-tune", str(student), str(student), str(images), str(out), *quick, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["student"] == str(out)
    assert {"value", "standard_error"} <= set(found["after"])
    assert "Accuracy after fine-tuning" in done.stderr
    assert out.is_file()
