from typing import Any

import pytest
from sqlalchemy import text

from candidates.candidate import Estimate
from candidates.recipe import LibraryRecipe
from service.repositories import refinements
from service.repositories.refinements import Refined
from tests.service.api.world import World


def finish(world: World, refinement: str, gain: float) -> None:
    """What a worker does with a refinement."""
    refined = Refined(
        file=world.parts.artifacts.put(b"the refined file"),
        before=Estimate(value=70, standard_error=0.5),
        after=Estimate(value=70 + gain, standard_error=0.5),
        gain=Estimate(value=gain, standard_error=0.4),
        teacher=Estimate(value=91, standard_error=0.3),
    )
    world.do(lambda session: refinements.finish(session, refinement, refined))


def posted(world: World, student: str, **settings: Any) -> dict[str, Any]:
    answer = world.http.post(f"/v1/students/{student}/refinements", json=settings)
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


def get(world: World, path: str) -> dict[str, Any]:
    body: dict[str, Any] = world.http.get(path).json()
    return body


def test_what_was_learned_from_noise_is_not_refined(world: World) -> None:
    student = world.ready_student()["id"]
    changed = text("UPDATE libraries SET recipe = :recipe")
    recipe = LibraryRecipe(inputs="gaussian").model_dump_json()
    with world.parts.database.writing() as session:
        session.execute(changed, {"recipe": recipe})
    answer = world.http.post(f"/v1/students/{student}/refinements", json={})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-recipe")
    assert 'inputs "matched"' in answer.json()["detail"]


def test_a_refinement_is_a_job(world: World) -> None:
    student = world.ready_student()["id"]
    path = f"/v1/students/{student}/refinements"
    answer = world.http.post(path, json={"steps": 500, "rounds": 2, "look_ahead": [1, 0.5]})
    body = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"{path}/{body['id']}"
    assert (body["state"], body["student"], body["result"]) == ("pending", student, None)
    assert (body["settings"]["rounds"], body["settings"]["look_ahead"]) == (2, [1, 0.5])
    job = get(world, f"/v1/jobs/{body['job']}")
    assert (job["kind"], job["resource"], job["state"]) == ("refinement", body["id"], "queued")
    assert get(world, answer.headers["location"]) == body


def test_the_same_again_is_the_same(world: World) -> None:
    path = f"/v1/students/{world.ready_student()['id']}/refinements"
    first = world.http.post(path, json={})
    second = world.http.post(path, json={"steps": 500, "passes": 1})
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]
    assert "posted before" in second.json()["note"]
    assert len(get(world, path)["items"]) == 1


@pytest.mark.parametrize(("gain", "is_better"), [(4.0, True), (0.5, False), (-2.0, False)])
def test_the_result_is_another_student_better_or_not(
    world: World, gain: float, is_better: bool
) -> None:
    old = world.ready_student()
    made = posted(world, old["id"])
    finish(world, made["id"], gain)
    found = get(world, f"/v1/students/{old['id']}/refinements/{made['id']}")
    assert (found["state"], found["is_better"]) == ("ready", is_better)
    assert ("not significantly" in found["verdict"]) != is_better
    assert f"{gain:+.2f} points" in found["verdict"]

    new = get(world, f"/v1/students/{found['result']}")
    assert (new["parent"], new["origin"], new["better"]) == (old["id"], "refinement", None)
    assert new["measurement"]["refitted"]["value"] == 70 + gain
    assert new["selection"] == old["selection"]
    for query in ("", "?refitted=true"):
        content = world.http.get(f"/v1/students/{new['id']}/checkpoint{query}").content
        assert content == b"the refined file"

    shown = get(world, f"/v1/students/{old['id']}")
    assert shown["checkpoint"] == old["checkpoint"]
    assert (shown["parent"], shown["origin"]) == (None, "selection")
    if is_better:
        assert shown["better"] == {
            "student": new["id"],
            "accuracy": {"value": 74.0, "standard_error": 0.5},
            "own_accuracy": {"value": 70.0, "standard_error": 0.5},
            "gain": {"value": 4.0, "standard_error": 0.4},
        }
    else:
        assert shown["better"] is None


def test_an_equal_wish_still_gives_the_old_student(world: World) -> None:
    old = world.ready_student()
    finish(world, posted(world, old["id"])["id"], 4.0)
    again = world.post_student(old["library"]).json()
    assert again["id"] == old["id"]
    assert again["better"]["accuracy"]["value"] == 74.0


def test_a_refined_student_needs_no_measurement(world: World) -> None:
    old = world.ready_student()
    made = posted(world, old["id"])
    finish(world, made["id"], 4.0)
    new = get(world, f"/v1/students/{old['id']}/refinements/{made['id']}")["result"]
    answer = world.http.post(f"/v1/students/{new}/measurements")
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")


def test_a_student_is_refined_as_it_is_asked_for(world: World) -> None:
    library = world.ready_library()
    student = world.post_student(library, refine=True).json()
    (started,) = get(world, f"/v1/students/{student['id']}/refinements")["items"]
    assert (started["state"], started["settings"]["steps"]) == ("pending", 500)
    assert started["job"] in student["note"]
    assert world.post_student(library).json()["id"] == student["id"]
    assert world.post_student(library, refine=True).json()["id"] == student["id"]
    assert len(get(world, f"/v1/students/{student['id']}/refinements")["items"]) == 1


def test_an_unknown_student_or_refinement_is_named(world: World) -> None:
    student = world.ready_student()["id"]
    other = world.post_student(get(world, f"/v1/students/{student}")["library"],
                               budget={"parameters": 150}).json()["id"]  # fmt: skip
    mine = posted(world, student)["id"]
    for path in ("/v1/students/student_none/refinements",
                 f"/v1/students/{student}/refinements/refinement_none",
                 f"/v1/students/{other}/refinements/{mine}"):  # fmt: skip
        assert world.http.get(path).status_code == 404
    answer = world.http.post("/v1/students/student_none/refinements", json={})
    assert (answer.status_code, answer.json()["resource_id"]) == (404, "student_none")


def test_a_student_of_a_library_that_is_not_ready_any_more_is_not_refined(world: World) -> None:
    student = world.ready_student()
    with world.parts.database.writing() as session:
        session.execute(text("UPDATE libraries SET state = 'failed'"))
    answer = world.http.post(f"/v1/students/{student['id']}/refinements", json={})
    assert (answer.status_code, answer.json()["kind"]) == (409, "library")


def test_wrong_settings_are_named(world: World) -> None:
    answer = world.http.post("/v1/students/any/refinements", json={"steps": -1})
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "body.steps")


def test_a_parent_is_not_deleted_before_its_children(world: World) -> None:
    old = world.ready_student()["id"]
    made = posted(world, old)["id"]
    assert world.http.delete(f"/v1/students/{old}").status_code == 409
    finish(world, made, 4.0)
    new = get(world, f"/v1/students/{old}/refinements/{made}")["result"]
    refused = world.http.delete(f"/v1/students/{old}")
    assert (refused.status_code, new in refused.json()["detail"]) == (409, True)
    assert world.http.delete(f"/v1/students/{new}").status_code == 204
    assert world.http.delete(f"/v1/students/{old}").status_code == 204
