import json
import pickle
import zipfile
from io import BytesIO
from typing import Any

import pytest

from candidates.graph.neighbourhood import LeftOut
from service import coverage
from tests.service import networks
from tests.service.api.world import RECIPE, World
from tests.service.networks import teacher_weights

LICENCES: list[dict[str, str]] = [{}, {"licence": " MIT "}, {}, {"licence": "Apache-2.0"}]
NAMELESS = {key: value for key, value in RECIPE.items() if key != "architecture"}


def zipped(names: list[str]) -> bytes:
    """An archive as torch writes them, with nothing in its entries."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            archive.writestr(name, b"{}")
    return file.getvalue()


def test_a_teacher_is_kept_and_a_job_begins(world: World) -> None:
    answer = world.post_teacher()
    body = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/teachers/{body['id']}"
    assert (body["state"], body["split"], body["cost"]) == ("pending", None, None)
    assert body["recipe"] == RECIPE
    assert world.http.get(f"/v1/jobs/{body['job']}").json()["state"] == "queued"


def test_the_same_teacher_again_makes_nothing_and_says_so(world: World) -> None:
    first, second = world.post_teacher(), world.post_teacher(name="another name")
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    assert "posted before" in second.json()["note"]


def test_a_licence_is_kept_and_the_one_that_was_told_last_holds(world: World) -> None:
    told = [world.post_teacher(**form).json()["licence"] for form in LICENCES]
    assert told == [None, "MIT", "MIT", "Apache-2.0"]


@pytest.mark.parametrize("licence", ["a\nb", "x" * 201, " "])
def test_a_licence_that_is_no_line_of_text_is_refused(world: World, licence: str) -> None:
    answer = world.post_teacher(licence=licence)
    assert answer.status_code == 422
    assert "licence" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"architecture": "lenet"}, "Architecture 'lenet' is not on the allow-list."),
        ({"kwargs": {"depth": 3}}, "kwargs.depth does not suit 'cifar_resnet20'"),
        ({"kwargs": {"num_classes": 1}}, "kwargs.num_classes does not suit"),
        ({"input": [3, 4, 32]}, "recipe.input.1: Input should be greater than or equal to 8."),
        ({"input": [1, 32, 32]}, "input has 1 channels but preprocessing.mean has 3"),
        ({"colour": "red"}, "recipe.colour: Extra inputs are not permitted."),
    ],
)
def test_a_wrong_recipe_is_named_by_its_first_wrong_field(
    world: World, change: dict[str, Any], sentence: str
) -> None:
    answer = world.post_teacher(recipe=json.dumps(RECIPE | change))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-recipe")
    assert sentence in answer.json()["detail"]


def test_a_field_that_the_form_has_not_is_refused(world: World) -> None:
    answer = world.post_teacher(license="MIT")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["where"]) == (422, "body.license")


def test_a_recipe_that_is_not_json_is_refused(world: World) -> None:
    answer = world.post_teacher(recipe="architecture: resnet18")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-recipe")
    assert "Invalid JSON" in answer.json()["detail"]


@pytest.mark.parametrize("kept", [5, 40, -1])
def test_a_truncated_file_is_refused(world: World, kept: int) -> None:
    answer = world.post_teacher(teacher_weights().to_bytes()[:kept])
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-checkpoint")
    assert "truncated" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("entry", "recipe"), [("net/data.pkl", RECIPE), ("net/models/model.json", NAMELESS)]
)
def test_a_file_of_torch_is_kept_for_a_job_to_read(
    world: World, entry: str, recipe: dict[str, Any]
) -> None:
    posted = zipped([entry])
    answer = world.post_teacher(posted, recipe=json.dumps(recipe))
    assert answer.status_code == 202, answer.text
    assert world.parts.artifacts.read(answer.json()["weights"]["sha256"]) == posted


@pytest.mark.parametrize(
    ("content", "what", "advice"),
    [
        (
            pickle.dumps({"fc.weight": [1.0] * 100}),
            "Python pickle",
            "torch.save(model.state_dict()",
        ),
        (zipped(["net/constants.pkl", "net/data.pkl"]), "TorchScript", "torch.export.save("),
        (zipped(["net/readme.txt"]), "neither an exported program", "torch.export.save("),
    ],
    ids=["pickle", "TorchScript", "any other zip"],
)
def test_what_cannot_be_read_is_refused_with_advice(
    world: World, content: bytes, what: str, advice: str
) -> None:
    answer = world.post_teacher(content)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-checkpoint")
    assert what in answer.json()["detail"]
    assert advice in answer.json()["detail"]


@pytest.mark.parametrize("content", [teacher_weights().to_bytes(), zipped(["net/data.pkl"])])
def test_weights_alone_want_an_architecture_at_once(world: World, content: bytes) -> None:
    answer = world.post_teacher(content, recipe=json.dumps(NAMELESS))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-recipe")
    assert "must name their architecture" in answer.json()["detail"]


def test_refused_weights_leave_nothing_behind(world: World) -> None:
    world.post_teacher(b"not safetensors")
    assert world.http.get("/v1/teachers").json()["items"] == []
    root = world.parts.settings.artifacts_dir
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_a_ready_teacher_shows_how_it_was_split(world: World) -> None:
    teacher = world.ready_teacher()
    shown = world.http.get(f"/v1/teachers/{teacher}").json()
    assert shown["split"] == {
        "num_neighbourhoods": 3,
        "coverage": 0.96,
        "shrinkable": 0.96,
        "unknown_operators": {},
        "notes": [],
        "warning": None,
    }
    assert shown["cost"]["parameters"] == 250
    parts = world.http.get(f"/v1/teachers/{teacher}/neighbourhoods").json()
    assert [part["name"] for part in parts["items"]] == ["block0", "block1", "block2"]
    assert parts["left_out"] == []


def test_a_teacher_that_hardly_shrinks_says_so(world: World) -> None:
    left_out = tuple(
        LeftOut(module=f"layer{size}", num_parameters=size, reason="It is fixed by its output.")
        for size in (1, 40, 20, 30)
    )
    operators = {"aten.fft_fft2.default": 2}
    changes = {"left_out": left_out, "shrinkable": 0.124, "unknown_operators": operators}
    teacher = world.ready_teacher(networks.split().model_copy(update=changes))
    shown = world.http.get(f"/v1/teachers/{teacher}").json()["split"]
    assert shown["unknown_operators"] == operators
    assert shown["warning"].startswith("Only 12 % of this teacher's parameters can shrink")
    named = [f"'layer{size}' ({size} parameters)" for size in (40, 30, 20)]
    places = [shown["warning"].index(each) for each in named]
    assert places == sorted(places)
    assert "layer1'" not in shown["warning"]
    listed = world.http.get(f"/v1/teachers/{teacher}/neighbourhoods").json()
    assert [each["module"] for each in listed["left_out"]] == [each.module for each in left_out]
    assert listed["left_out"][0]["reason"] == "It is fixed by its output."
    assert listed["items"][0]["widths"][0]["size"] == networks.NUM_CHANNELS


def test_a_teacher_shows_what_is_noted_about_it(world: World) -> None:
    note = "BatchNorms with momentum 0: 'bn1'."
    split = networks.split().model_copy(update={"notes": (note,)})
    teacher = world.ready_teacher(split)
    assert world.http.get(f"/v1/teachers/{teacher}").json()["split"]["notes"] == [note]
    assert world.http.get(f"/v1/teachers/{teacher}/neighbourhoods").json()["notes"] == [note]
    assert f"  note: {note}" in coverage.report(split).splitlines()


def test_neighbourhoods_of_a_pending_teacher_are_not_ready(world: World) -> None:
    teacher = world.post_teacher().json()["id"]
    answer = world.http.get(f"/v1/teachers/{teacher}/neighbourhoods")
    assert (answer.status_code, answer.json()["state"]) == (409, "pending")


def test_an_unknown_teacher_is_named(world: World) -> None:
    answer = world.http.get("/v1/teachers/teacher_none")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-resource")
    assert answer.json()["resource_id"] == "teacher_none"
    assert "There is no teacher 'teacher_none'." in answer.json()["detail"]


def test_a_teacher_with_a_library_cannot_be_deleted(world: World) -> None:
    world.ready_library()
    teacher = world.http.get("/v1/teachers").json()["items"][0]["id"]
    answer = world.http.delete(f"/v1/teachers/{teacher}")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/resource-in-use")


def test_a_teacher_without_one_can(world: World) -> None:
    teacher = world.ready_teacher()
    assert world.http.delete(f"/v1/teachers/{teacher}").status_code == 204
    assert world.http.get("/v1/teachers").json()["items"] == []
