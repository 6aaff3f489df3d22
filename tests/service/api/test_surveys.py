from typing import Any

import httpx2
import pytest

from candidates.candidate import Estimate
from service.repositories import measurements
from service.repositories.measurements import Measured
from tests.service.api.world import World
from tests.service.builders import FILE


def post(world: World, library: str, **settings: Any) -> httpx2.Response:
    return world.http.post(f"/v1/libraries/{library}/surveys", json={"count": 4, **settings})


def shown(world: World, survey: str) -> dict[str, Any]:
    body: dict[str, Any] = world.http.get(f"/v1/surveys/{survey}").json()
    return body


def measure_next(world: World, value: float = 80.0) -> None:
    """What a worker does of a survey."""
    unit = world.claim()
    estimate = Estimate(value=value, standard_error=0.4)
    measured = Measured(assembled=estimate, refitted=estimate, teacher=estimate, file=FILE)
    world.ledger.complete(
        unit, lambda s: measurements.finish(s, unit.payload["measurement"], measured)
    )


def test_students_are_made_along_the_curve_and_one_job_measures_them(world: World) -> None:
    library = world.ready_library()
    answer = post(world, library)
    body = answer.json()
    assert (answer.status_code, body["state"]) == (202, "pending")
    assert answer.headers["location"] == f"/v1/surveys/{body['id']}"
    costs = [student["cost"]["parameters"] for student in body["students"]]
    assert len(costs) == 4
    assert costs == sorted(set(costs))
    assert (costs[0], max(costs) < 250) == (70, True)
    job = world.http.get(f"/v1/jobs/{body['job']}").json()
    assert (job["kind"], job["units"]) == ("survey", {"queued": 4})
    for _ in range(4):
        measure_next(world)
    assert shown(world, body["id"])["state"] == "ready"
    assert shown(world, body["id"])["num_measured"] == 4


def test_the_same_survey_again_makes_nothing_even_after_predictions_changed(world: World) -> None:
    library = world.ready_library()
    first = post(world, library).json()
    measure_next(world, value=40.0)
    again = post(world, library)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert "posted before" in again.json()["note"]
    assert len(world.http.get("/v1/students").json()["items"]) == 4


def test_its_students_are_those_that_their_budgets_give(world: World) -> None:
    library = world.ready_library()
    student = post(world, library).json()["students"][1]
    same = world.post_student(library, budget={"parameters": student["cost"]["parameters"]})
    assert (same.status_code, same.json()["id"]) == (200, student["student"])


def test_predictions_learn_from_each_at_once_and_what_was_promised_stays(world: World) -> None:
    library = world.ready_library()
    before = post(world, library).json()
    measure_next(world, value=30.0)
    after = world.post_student(library, budget={"parameters": 240}).json()
    shelf_students = shown(world, before["id"])["students"]
    assert shelf_students[0]["measured_accuracy"]["value"] == 30.0
    promised = [each["predicted_accuracy"] for each in before["students"]]
    assert [each["predicted_accuracy"] for each in shelf_students] == promised
    assert after["measurement"] is None
    with world.parts.database.reading() as session:
        problem = world.parts.shelves.of(session, library).problem
    assert len(problem.measured) == 1
    assert problem.predictor != problem.cold_start


def test_the_best_within_a_budget_are_measured_as_well(world: World) -> None:
    library = world.ready_library()
    body = post(world, library, count=2, budget={"parameters": "60%"}, top=3).json()
    ids = [student["student"] for student in body["students"]]
    assert len(set(ids)) == len(ids) == 5
    for student in body["students"][2:]:
        assert student["cost"]["parameters"] <= 150


def test_who_was_measured_before_is_not_measured_again(world: World) -> None:
    library = world.ready_library()
    student = world.post_student(library, budget={"parameters": 70}).json()["id"]
    world.measure(student)
    body = post(world, library).json()
    assert body["students"][0]["student"] == student
    assert body["num_measured"] == 1
    assert world.http.get(f"/v1/jobs/{body['job']}").json()["units"] == {"queued": 3}


def test_where_all_were_measured_before_it_is_ready_at_once(world: World) -> None:
    library = world.ready_library()
    first = post(world, library).json()
    for _ in range(4):
        measure_next(world)
    budget = {"parameters": first["students"][0]["cost"]["parameters"]}
    second = world.http.post(
        f"/v1/libraries/{library}/surveys",
        json={"count": 2, "budget": budget, "top": 1},
    ).json()
    while second["num_measured"] < len(second["students"]):
        measure_next(world)
        second = shown(world, second["id"])
    third = world.http.post(f"/v1/libraries/{library}/surveys", json={"count": 2, "top": 1}).json()
    assert third["state"] == "ready"
    assert world.http.get(f"/v1/jobs/{third['job']}").json()["state"] == "succeeded"


def test_a_cancelled_one_keeps_what_was_measured_and_goes_on_when_posted_again(
    world: World,
) -> None:
    library = world.ready_library()
    body = post(world, library).json()
    measure_next(world)
    world.http.post(f"/v1/jobs/{body['job']}/cancel")
    stopped = shown(world, body["id"])
    assert (stopped["state"], stopped["num_measured"]) == ("cancelled", 1)
    states = [student["state"] for student in stopped["students"]]
    assert sorted(states) == ["cancelled", "cancelled", "cancelled", "ready"]
    again = post(world, library)
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    for _ in range(3):
        measure_next(world)
    assert shown(world, body["id"])["num_measured"] == 4


@pytest.mark.parametrize(
    "settings", [{"axis": "latency_ms"}, {"device": "phone"}, {"count": 1}, {"budget": {}}]
)
def test_settings_without_sense_are_refused(world: World, settings: dict[str, Any]) -> None:
    assert post(world, "library_none", **settings).status_code == 422


def test_a_budget_below_the_smallest_student_is_refused(world: World) -> None:
    answer = post(world, world.ready_library(), budget={"parameters": 5})
    assert answer.json()["type"] == "/problems/infeasible-budget"


def test_a_library_in_the_making_has_no_students_to_measure(world: World) -> None:
    library = world.post_library(world.ready_teacher(), world.ready_dataset()).json()["id"]
    assert post(world, library).json()["type"] == "/problems/resource-not-ready"


def test_they_can_be_listed(world: World) -> None:
    library = world.ready_library()
    body = post(world, library).json()
    listed = world.http.get(f"/v1/libraries/{library}/surveys").json()["items"]
    assert listed == [shown(world, body["id"])]


def test_a_survey_is_deleted_when_it_has_ended_and_its_students_stay(world: World) -> None:
    library = world.ready_library()
    body = post(world, library).json()
    path = f"/v1/surveys/{body['id']}"
    refused = world.http.delete(path)
    assert (refused.status_code, body["job"] in refused.json()["detail"]) == (409, True)
    for _ in range(4):
        measure_next(world)
    assert world.http.delete(path).status_code == 204
    assert world.http.get(path).status_code == world.http.delete(path).status_code == 404
    assert world.http.get(f"/v1/libraries/{library}/surveys").json()["items"] == []
    students = world.http.get("/v1/students").json()["items"]
    assert [each["measurement"]["state"] for each in students] == ["ready"] * 4
    again = post(world, library)
    assert (again.status_code, again.json()["id"] != body["id"]) == (202, True)
