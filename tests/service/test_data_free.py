"""Libraries without any image: through a real server, and what each unit leaves behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from fastapi.testclient import TestClient

from candidates.data import Dataset
from candidates.recipe import LibraryRecipe
from search.budget import Budget
from service.app import create_app
from service.client import Client
from service.jobs import synthesis
from service.jobs.registry import Workplace
from service.records import Failure, LibraryRecord
from service.repositories import libraries
from service.settings import Settings
from tests.service import tiny, tiny_vit
from tests.service.serving import serving
from tests.service.shop import Shop

RECIPE = LibraryRecipe.model_validate(
    {
        **tiny.LIBRARY.model_dump(), "inputs": "matched", "synthetic_images": 96,
        "synthetic_steps": 3, "granularity": ["layer3.1", "layer3.2"],
    }
)  # fmt: skip
VIT = tiny.RECIPE.model_copy(update={"architecture": None, "kwargs": {}})


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    torch.set_num_threads(1)
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


@pytest.fixture
def teacher(shop: Shop) -> str:
    tiny.write_weights(shop.folder / "net.safetensors")
    return shop.post_teacher(shop.store(shop.folder / "net.safetensors"))


def done(shop: Shop, teacher: str, recipe: LibraryRecipe = RECIPE) -> LibraryRecord:
    library = shop.post_library(teacher, None, recipe)
    shop.work()
    return shop.library(library)


@pytest.mark.slow
def test_a_server_makes_students_without_any_image(tmp_path: Path) -> None:
    tiny.write_weights(tmp_path / "net.safetensors")
    with serving(tmp_path / "var") as client:
        teacher = client.post_teacher("net", tiny.RECIPE, tmp_path / "net.safetensors")
        client.wait(teacher.job)
        library = client.build_library(teacher.id, None, RECIPE)
        again = client.build_library(teacher.id, None, RECIPE)
        assert (again.id, again.note is None) == (library.id, False)
        assert client.wait(library.job).state == "succeeded"
        _check_student(client, library.id)


def _check_student(client: Client, library_id: str) -> None:
    library = client.library(library_id)
    assert (library.dataset, library.data_free, library.labels_from) == (None, True, "teacher")
    assert "No image was read" in library.notes[0]
    assert library.teacher_accuracy is not None
    assert library.teacher_accuracy.value == 100
    student = client.request_student(library_id, Budget(parameters=230_000))
    assert student.labels_from == "teacher"
    client.wait(client.measure(student.id).job)
    measurement = client.student(student.id).measurement
    assert measurement is not None
    assert measurement.teacher is not None
    assert measurement.assembled is not None
    assert measurement.teacher.value == 100
    assert 0 <= measurement.assembled.value <= 100


@pytest.mark.parametrize("inputs", ["matched", "gaussian"])
def test_all_units_work_on_images_that_were_made_up(shop: Shop, teacher: str, inputs: str) -> None:
    shop.work()
    library = done(shop, teacher, RECIPE.model_copy(update={"inputs": inputs}))
    assert library.state == "ready", library.error
    assert library.images_sha256 is not None
    dataset = Dataset.load(shop.artifacts.locate(library.images_sha256))
    assert len(dataset.calibration) == 64
    assert not list(shop.artifacts.unfinished.iterdir())


def test_libraries_of_one_teacher_share_the_images_that_are_the_same(
    shop: Shop, teacher: str
) -> None:
    shop.work()
    first = done(shop, teacher)
    second = done(shop, teacher, RECIPE.model_copy(update={"ridge": 1e-3}))
    third = done(shop, teacher, RECIPE.model_copy(update={"seed": 1}))
    assert first.images_sha256 == second.images_sha256 != third.images_sha256
    assert len({each.id for each in (first, second, third)}) == 3


def test_images_that_were_lost_are_made_again(shop: Shop, teacher: str) -> None:
    shop.work()
    first = done(shop, teacher)
    assert first.images_sha256 is not None
    shop.artifacts.locate(first.images_sha256).unlink()
    second = done(shop, teacher, RECIPE.model_copy(update={"ridge": 1e-3}))
    assert second.state == "ready"
    assert shop.artifacts.locate(first.images_sha256).is_file()


@pytest.mark.slow
def test_a_killed_synthesis_goes_on(shop: Shop, teacher: str) -> None:
    shop.work()
    recipe = RECIPE.model_copy(update={"synthetic_steps": 120})
    library = shop.post_library(teacher, None, recipe)
    place = Workplace(shop.database, shop.artifacts)

    def kill(step: int, _total: int) -> None:
        if step == 110:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesis.run(place, {"library": library}, kill)
    seen: list[int] = []
    synthesis.run(place, {"library": library}, lambda step, _total: seen.append(step))
    assert seen[0] == 101


def test_a_teacher_without_batch_norm_cannot_be_matched(shop: Shop) -> None:
    tiny_vit.write_export(shop.folder / "net")
    http = TestClient(create_app(Settings(data_dir=shop.folder, workers=0)))
    form = {"name": "net", "recipe": VIT.model_dump_json()}
    files = {"weights": (shop.folder / "net").read_bytes()}
    teacher = http.post("/v1/teachers", data=form, files=files).json()["id"]
    shop.work()
    library = done(shop, teacher, RECIPE.model_copy(update={"granularity": "block"}))
    assert library.error == Failure(
        error="InvalidRecipe",
        detail="Inputs can be matched only to a teacher that has BatchNorms, whose statistics "
        "tell of the images it learned from; this one has none. Give images, or take inputs "
        '"gaussian".',
    )
    with shop.database.reading() as session:
        assert libraries.images_like(session, library.id) is None
