import pytest

from candidates.candidate import Omitted
from service.repositories import datasets, omissions
from tests.service.api.world import World
from tests.service.builders import CONTENTS, FILE
from tests.service.networks import NUM_CLASSES


def test_a_library_is_begun_for_a_ready_teacher_and_data_set(world: World) -> None:
    answer = world.post_library(world.ready_teacher(), world.ready_dataset())
    body = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/libraries/{body['id']}"
    assert body["recipe"]["kinds"] == {"width": {"multiplier": [0.25, 0.5, 1.0]}}
    assert body["progress"] == {"done": 0, "total": 9}
    assert body["teacher_accuracy"] is None


def test_the_same_recipe_again_makes_nothing_and_another_does(world: World) -> None:
    teacher, dataset = world.ready_teacher(), world.ready_dataset()
    first = world.post_library(teacher, dataset)
    again = world.post_library(teacher, dataset)
    other = world.post_library(teacher, dataset, seed=1)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert other.status_code == 202
    listed = world.http.get(f"/v1/teachers/{teacher}/libraries").json()["items"]
    assert [item["id"] for item in listed] == [other.json()["id"], first.json()["id"]]


def test_a_block_library_is_cut_like_its_teacher(world: World) -> None:
    teacher = world.ready_teacher()
    library = world.post_library(teacher, world.ready_dataset()).json()["id"]
    mine = world.http.get(f"/v1/libraries/{library}/neighbourhoods").json()
    assert mine == world.http.get(f"/v1/teachers/{teacher}/neighbourhoods").json()
    assert [part["name"] for part in mine["items"]] == ["block0", "block1", "block2"]


@pytest.mark.parametrize("granularity", ["pair", 2, ["block0", "block1"]])
def test_other_neighbourhoods_are_known_after_the_first_unit(
    world: World, granularity: str | int | list[str]
) -> None:
    teacher, dataset = world.ready_teacher(), world.ready_dataset()
    library = world.post_library(teacher, dataset, granularity=granularity).json()
    path = f"/v1/libraries/{library['id']}"
    assert library["recipe"]["granularity"] == granularity
    assert library["split"] is None
    assert world.http.get(f"{path}/neighbourhoods").json()["type"] == "/problems/resource-not-ready"
    world.gather(library["id"])
    assert len(world.http.get(f"{path}/neighbourhoods").json()["items"]) == 3
    shown = world.http.get(path).json()
    assert shown["split"]["num_neighbourhoods"] == 3
    assert (shown["state"], shown["progress"]) == ("pending", {"done": 0, "total": 9})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kinds": {"wdith": {}}}, "no kind 'wdith'"),
        ({"multipliers": [2]}, "at most 1"),
        ({"inputs": "matched"}, "without reading any image"),
        ({"inputs": "gaussian", "look_ahead": [1]}, "Leave these out"),
        ({"kinds": {"width": {"multiplier": [0.5]}}}, "not both"),
    ],
)
def test_a_kind_or_setting_that_does_not_exist_is_named(
    world: World, changes: dict[str, object], said: str
) -> None:
    refused = world.post_library(world.ready_teacher(), world.ready_dataset(), **changes)
    assert refused.status_code == 422
    assert said in refused.text


def test_a_library_without_images_says_so_and_waits_for_images_to_be_made_up(world: World) -> None:
    teacher = world.ready_teacher()
    body = {"inputs": "matched"}
    answer = world.http.post(f"/v1/teachers/{teacher}/libraries", json=body)
    library = answer.json()
    assert answer.status_code == 202, answer.text
    assert (library["dataset"], library["data_free"]) == (None, True)
    assert library["labels_from"] == "teacher"
    assert "No image was read: candidates learned from 768 images" in library["notes"][0]
    again = world.http.post(f"/v1/teachers/{teacher}/libraries", json=body)
    assert again.json()["id"] == library["id"]
    assert world.claim().kind == "synthesis"
    assert world.ledger.claim("another worker") is None


def test_a_library_without_images_and_without_a_way_to_make_them_is_refused(world: World) -> None:
    answer = world.http.post(f"/v1/teachers/{world.ready_teacher()}/libraries", json={})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-recipe")
    assert "give the id of a data set" in answer.json()["detail"]


def test_images_of_fewer_classes_than_the_teacher_knows_are_noted(world: World) -> None:
    library = world.post_library(world.ready_teacher(), world.ready_dataset()).json()
    assert (library["data_free"], library["labels_from"]) == (False, "dataset")
    assert f"have 2 classes but the teacher knows {NUM_CLASSES}" in library["notes"][0]
    assert world.http.get(f"/v1/libraries/{library['id']}").json()["notes"] == library["notes"]


def test_a_listed_module_that_the_teacher_has_not_is_refused_with_the_nearest(
    world: World,
) -> None:
    answer = world.post_library(
        world.ready_teacher(), world.ready_dataset(), granularity=["block1", "blok2"]
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-recipe")
    assert "names 'blok2'" in answer.json()["detail"]
    assert "The nearest are: block" in answer.json()["detail"]


def test_what_a_library_has_not_is_listed_with_the_reasons(world: World) -> None:
    library = world.ready_library()
    path = f"/v1/libraries/{library}/omissions"
    assert world.http.get(path).json() == {"items": [], "next": None}
    gone = Omitted(neighbourhood="block0", kind="identity", knobs={}, reason="It changes shape.")
    with world.parts.database.writing() as session:
        omissions.add_all(session, library, 0, [gone, gone])
        omissions.add_all(session, library, 2, [gone])
    pages = [world.http.get(f"{path}?limit=2").json()]
    assert pages[0]["items"] == [gone.model_dump()] * 2
    pages.append(world.http.get(f"{path}?limit=2&cursor={pages[0]['next']}").json())
    assert (len(pages[1]["items"]), pages[1]["next"]) == (1, None)


def test_students_are_made_at_any_granularity(world: World) -> None:
    library = world.ready_library(granularity="pair")
    assert world.post_student(library).json()["teacher_cost"]["parameters"] == 250


@pytest.mark.parametrize(
    ("granularity", "where"), [("layer", None), ("stage", "body.granularity"), (0, "body")]
)
def test_a_granularity_that_makes_no_candidates_is_refused_at_once(
    world: World, granularity: str | int, where: str | None
) -> None:
    answer = world.post_library("teacher_none", "dataset_none", granularity=granularity)
    assert answer.status_code == 422
    if where is None:
        assert answer.json()["type"] == "/problems/invalid-recipe"
        assert "Name other kinds" in answer.json()["detail"]
    else:
        assert answer.json()["errors"][0]["where"].startswith(where)


def test_a_teacher_that_is_not_ready_gets_no_library(world: World) -> None:
    teacher = world.post_teacher().json()["id"]
    answer = world.post_library(teacher, "dataset_none")
    assert (answer.status_code, answer.json()["kind"]) == (409, "teacher")


def test_an_unknown_data_set_is_named(world: World) -> None:
    answer = world.post_library(world.ready_teacher(), "dataset_none")
    assert (answer.status_code, answer.json()["resource_id"]) == (404, "dataset_none")


def test_images_of_another_size_than_the_teachers_are_refused_at_once(world: World) -> None:
    dataset = world.post_dataset().json()["id"]
    small = CONTENTS.model_copy(update={"shape": (1, 28, 28)})
    world.do(lambda session: datasets.finish(session, dataset, FILE.sha256, small))
    answer = world.post_library(world.ready_teacher(), dataset)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-dataset")
    assert "1 × 28 × 28 but the network takes 3 × 32 × 32" in answer.json()["detail"]


def test_a_wrong_setting_is_named_and_not_repeated(world: World) -> None:
    answer = world.post_library(world.ready_teacher(), "dataset_none", steps="secret")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    assert answer.json()["errors"][0]["where"] == "body.steps"
    assert "secret" not in answer.text


def test_candidates_are_paged_in_the_order_of_the_network(world: World) -> None:
    path = f"/v1/libraries/{world.ready_library()}/candidates"
    first = world.http.get(path, params={"limit": 5}).json()
    rest = world.http.get(path, params={"limit": 5, "cursor": first["next"]}).json()
    names = [item["neighbourhood"] for item in first["items"] + rest["items"]]
    assert names == ["block0"] * 3 + ["block1"] * 3 + ["block2"] * 3
    assert first["items"][0]["knobs"] == {"multiplier": 0.25}
    assert first["items"][0]["score"]["kl"] == {"value": 3.0, "standard_error": 0.1}
    assert first["items"][0]["score"]["agreement"] == {"value": 92.0, "standard_error": 0.1}


def test_candidates_of_one_neighbourhood_can_be_asked_for(world: World) -> None:
    path = f"/v1/libraries/{world.ready_library()}/candidates"
    items = world.http.get(path, params={"neighbourhood": "block1"}).json()["items"]
    assert [item["neighbourhood"] for item in items] == ["block1"] * 3


def test_a_cursor_that_was_never_given_is_refused(world: World) -> None:
    path = f"/v1/libraries/{world.ready_library()}/candidates"
    answer = world.http.get(path, params={"cursor": "next please"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-cursor")


def test_a_library_with_a_student_cannot_be_deleted(world: World) -> None:
    student = world.ready_student()
    path = f"/v1/libraries/{student['library']}"
    assert world.http.delete(path).json()["type"] == "/problems/resource-in-use"
    assert world.http.delete(f"/v1/students/{student['id']}").status_code == 204
    assert world.http.delete(path).status_code == 204
    assert world.http.get(path).status_code == 404
