"""The whole path through real processes: images and teacher in, measured students out."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from search.budget import Budget
from service.bodies.jobs import JobBody
from service.client import Client
from tests.service import tiny
from tests.service.serving import serving

REBUILD = """
import sys, torch
from candidates.student import load_student
torch.set_num_threads(1)
network = load_student(sys.argv[1])
assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 2)
print(sum(weight.numel() for weight in network.parameters()))
"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Of the real server with one worker."""
    with serving(tmp_path / "var") as client:
        yield client


def rebuilt(path: Path) -> int:
    """Parameters of the student rebuilt in another process from its file alone."""
    command = [sys.executable, "-c", REBUILD, str(path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(printed)


def test_from_a_posted_teacher_to_a_measured_student(client: Client, tmp_path: Path) -> None:
    tiny.write_archive(tmp_path / "noise.tar")
    tiny.write_weights(tmp_path / "net.safetensors")
    dataset = client.post_dataset("noise", tmp_path / "noise.tar")
    teacher = client.post_teacher("net", tiny.RECIPE, tmp_path / "net.safetensors")
    client.wait(dataset.job)
    client.wait(teacher.job)
    library = client.build_library(teacher.id, dataset.id, tiny.LIBRARY)
    seen: list[JobBody] = []
    client.wait(library.job, seen.append, poll_seconds=0.1)
    assert seen[-1].progress.done == seen[-1].progress.total
    library = client.library(library.id)
    assert (library.state, library.progress.done, library.progress.total) == ("ready", 18, 18)

    curve = client.trade_off_curve(library.id)
    budget = (curve.points[0].cost.parameters + curve.teacher_cost.parameters) // 2
    student = client.request_student(library.id, Budget(parameters=budget))
    assert student.cost.parameters <= budget
    path = client.download(student.id, tmp_path / "student.safetensors")
    assert rebuilt(path) == student.cost.parameters

    client.wait(client.measure(student.id).job)
    measurement = client.student(student.id).measurement
    assert measurement is not None
    assert measurement.assembled is not None
    assert measurement.refitted is not None
    refitted = client.download(student.id, tmp_path / "refitted.safetensors", refitted=True)
    assert rebuilt(refitted) == student.cost.parameters
    assert refitted.read_bytes() != path.read_bytes()


@pytest.mark.slow
def test_a_device_is_measured_by_the_script_that_the_service_offers(
    client: Client, tmp_path: Path
) -> None:
    tiny.write_archive(tmp_path / "noise.tar")
    tiny.write_weights(tmp_path / "net.safetensors")
    dataset = client.post_dataset("noise", tmp_path / "noise.tar")
    teacher = client.post_teacher("net", tiny.RECIPE, tmp_path / "net.safetensors")
    client.wait(dataset.job)
    client.wait(teacher.job)
    library = client.build_library(teacher.id, dataset.id, tiny.LIBRARY)
    client.wait(library.job, poll_seconds=0.1)

    script = tmp_path / "measure_latency.py"
    script.write_bytes(urlopen(f"{client.url}/v1/devices/measure_latency.py").read())
    run = [sys.executable, "-I", script, "--url", client.url, "--name", "here", "--repeats", "3"]
    done = subprocess.run([*run, "--library", library.id], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert client.device("here").id == done.stdout.strip()
    assert client.device("here").libraries == [library.id]

    student = client.request_student(library.id, Budget(latency_ms=1000, device="here"))
    assert student.cost.latency_ms > 0
    assert student.cost.activation_bytes > 0
    path = client.download(student.id, tmp_path / "student.safetensors")
    done = subprocess.run([*run, "--student", path, "--id", student.id], capture_output=True)
    assert done.returncode == 0, done.stderr
    again = subprocess.run([*run, "--library", library.id], capture_output=True, text=True)
    assert again.returncode == 1
    assert "has another latency table" in again.stderr
