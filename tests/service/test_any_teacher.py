"""Teachers of every kind, over HTTP: from the posted file to a student rebuilt from its file."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient

from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.sources.architectures import build
from candidates.tensors import checkpoint_of
from service.app import create_app
from service.settings import Settings
from tests.service import tiny, tiny_vit
from tests.service.shop import Shop

MOBILENET = TeacherRecipe(
    architecture="mobilenet_v3_small",
    kwargs={"num_classes": 2},
    input=(3, 32, 32),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)),
)
OWN = tiny.RECIPE.model_copy(update={"architecture": None, "kwargs": {}})
LIBRARY = {
    "multipliers": [0.3], "steps": 0, "batch_size": 16, "calibration_images": 32,
    "scoring_images": 16,
}  # fmt: skip
REBUILD = """
import sys
sys.modules["torchvision"] = sys.modules["timm"] = None  # an import of it fails from here on
import torch
from candidates.student import load_student
torch.set_num_threads(1)
network = load_student(sys.argv[1])
images = torch.rand(4, *map(int, sys.argv[2:]))
with torch.no_grad():
    assert torch.equal(network(images), network(images))
network.train()
loss = network(images).square().sum()
loss.backward()
assert all(weight.grad is not None for weight in network.parameters())
assert torch.isfinite(loss)
print(sum(weight.numel() for weight in network.parameters()))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    torch.set_num_threads(1)
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


@pytest.fixture
def http(shop: Shop) -> Iterator[TestClient]:
    """The same service over HTTP; its work is done by the shop."""
    with TestClient(create_app(Settings(data_dir=shop.folder, workers=0))) as http:
        yield http


def write_mobilenet(path: Path) -> None:
    torch.manual_seed(0)
    path.write_bytes(checkpoint_of(build(MOBILENET).state_dict()).to_bytes())


def post_teacher(http: TestClient, recipe: TeacherRecipe, path: Path) -> dict[str, Any]:
    form = {"name": "net", "recipe": recipe.model_dump_json()}
    answer = http.post("/v1/teachers", data=form, files={"weights": path.read_bytes()})
    assert answer.is_success, answer.text
    return answer.json()


def ready(http: TestClient, path: str) -> dict[str, Any]:
    body: dict[str, Any] = http.get(path).json()
    assert body["state"] == "ready", body["error"]
    return body


def student_of(http: TestClient, shop: Shop, teacher: str, images: Path) -> dict[str, Any]:
    """At half of the teacher's parameters."""
    files = {"archive": images.read_bytes()}
    dataset = http.post("/v1/datasets", data={"name": "noise"}, files=files).json()["id"]
    shop.work()
    cost = ready(http, f"/v1/teachers/{teacher}")["cost"]
    wish = {"dataset": dataset, **LIBRARY}
    library = http.post(f"/v1/teachers/{teacher}/libraries", json=wish).json()["id"]
    shop.work()
    ready(http, f"/v1/libraries/{library}")
    budget = {"parameters": cost["parameters"] // 2}
    answer = http.post("/v1/students", json={"library": library, "budget": budget})
    assert answer.status_code == 201, answer.text
    assert answer.json()["cost"]["parameters"] <= budget["parameters"]
    return answer.json()


def rebuilt(http: TestClient, folder: Path, student: dict[str, Any], shape: tuple[int, ...]) -> int:
    """Parameters of the student, run in both modes by a process that has the file alone."""
    path = folder / "student.safetensors"
    path.write_bytes(http.get(student["checkpoint"]["url"]).content)
    command = [sys.executable, "-c", REBUILD, str(path), *map(str, shape)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.slow
def test_a_mobilenet_by_its_recipe(http: TestClient, shop: Shop, tmp_path: Path) -> None:
    write_mobilenet(tmp_path / "net")
    tiny.write_archive(tmp_path / "images", sides=(32, 32, 3))
    teacher = post_teacher(http, MOBILENET, tmp_path / "net")
    student = student_of(http, shop, teacher["id"], tmp_path / "images")
    assert rebuilt(http, tmp_path, student, MOBILENET.input) == student["cost"]["parameters"]


@pytest.mark.slow
def test_a_transformer_without_its_source(
    http: TestClient, shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_vit.write_export(tmp_path / "net")
    tiny.write_archive(tmp_path / "images")
    posted = post_teacher(http, OWN, tmp_path / "net")
    with caplog.at_level("INFO", logger="service.jobs.teacher"):
        student = student_of(http, shop, posted["id"], tmp_path / "images")
    teacher = ready(http, f"/v1/teachers/{posted['id']}")
    assert teacher["num_classes"] == 2
    assert teacher["split"]["shrinkable"] > 0.5
    assert f"Teacher {posted['id']}: " in caplog.text
    assert "can shrink" in caplog.text
    assert rebuilt(http, tmp_path, student, OWN.input) == student["cost"]["parameters"]
    again = tmp_path / "own"
    again.write_bytes(http.get(teacher["network"]["url"]).content)
    assert rebuilt(http, tmp_path, {"checkpoint": teacher["network"]}, OWN.input)


def test_a_state_dict_of_torch_makes_the_same_teacher_as_safetensors(
    http: TestClient, shop: Shop, tmp_path: Path
) -> None:
    tiny.write_weights(tmp_path / "plain")
    torch.manual_seed(0)
    torch.save(build(tiny.RECIPE).state_dict(), tmp_path / "torch")
    posted = [post_teacher(http, tiny.RECIPE, tmp_path / name) for name in ("plain", "torch")]
    shop.work()
    plain, torchs = (ready(http, f"/v1/teachers/{each['id']}") for each in posted)
    assert plain["id"] != torchs["id"]
    assert plain["network"]["sha256"] == torchs["network"]["sha256"]


def test_a_students_file_is_a_teacher_too(http: TestClient, shop: Shop, tmp_path: Path) -> None:
    tiny.write_weights(tmp_path / "net")
    posted = post_teacher(http, tiny.RECIPE, tmp_path / "net")
    shop.work()
    network = ready(http, f"/v1/teachers/{posted['id']}")["network"]
    (tmp_path / "own").write_bytes(http.get(network["url"]).content)
    again = post_teacher(http, OWN, tmp_path / "own")
    shop.work()
    assert ready(http, f"/v1/teachers/{again['id']}")["cost"]["parameters"] > 0
