from typing import Any

import httpx2
import pytest

from search.measured_trial import MeasuredTrial
from service.repositories import searches
from tests.service.api.world import World
from tests.service.builders import score


def post(world: World, library: str, **changes: Any) -> httpx2.Response:
    body = {"budget": {"parameters": "60%"}, "trials": 5, **changes}
    return world.http.post(f"/v1/libraries/{library}/searches", json=body)


def keep_trial(world: World, search: str, kl: float) -> None:
    """What a worker does after each."""
    trial = MeasuredTrial(choices=(f"of {kl}",), loss=1.0, score=score(kl))
    with world.parts.database.writing() as session:
        searches.add_trial(session, search, trial)


def test_a_job_searches(world: World) -> None:
    answer = post(world, world.ready_library())
    body = answer.json()
    assert (answer.status_code, body["state"], body["num_trials"]) == (202, "pending", 0)
    assert (body["strategy"], body["objective"]) == ("optuna", "measured")
    assert body["best"] is body["first"] is body["student"] is None
    assert answer.headers["location"] == f"/v1/searches/{body['id']}"
    job = world.http.get(f"/v1/jobs/{body['job']}").json()
    assert (job["kind"], job["resource"]) == ("search", body["id"])


def test_the_best_so_far_and_all_trials_are_seen_while_it_runs(world: World) -> None:
    search = post(world, world.ready_library()).json()["id"]
    for kl in (0.5, 0.2, 0.9):
        keep_trial(world, search, kl)
    body = world.http.get(f"/v1/searches/{search}").json()
    assert (body["state"], body["num_trials"]) == ("pending", 3)
    assert (body["first"]["number"], body["best"]["number"]) == (0, 1)
    path = f"/v1/searches/{search}/trials"
    page = world.http.get(path, params={"limit": 2}).json()
    rest = world.http.get(path, params={"limit": 2, "cursor": page["next"]}).json()
    assert [each["number"] for each in page["items"] + rest["items"]] == [0, 1, 2]
    assert rest["next"] is None


def test_a_trial_of_the_same_student_is_kept_once(world: World) -> None:
    search = post(world, world.ready_library()).json()["id"]
    keep_trial(world, search, 0.5)
    keep_trial(world, search, 0.5)
    assert world.http.get(f"/v1/searches/{search}").json()["num_trials"] == 1


def test_the_same_wish_again_is_the_same_search(world: World) -> None:
    library = world.ready_library()
    first, again, other = post(world, library), post(world, library), post(world, library, seed=1)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert "posted before" in again.json()["note"]
    assert other.json()["id"] != first.json()["id"]
    listed = world.http.get(f"/v1/libraries/{library}/searches").json()["items"]
    assert [each["id"] for each in listed] == [other.json()["id"], first.json()["id"]]


def test_a_cancelled_one_keeps_its_trials_and_goes_on_when_posted_again(world: World) -> None:
    library = world.ready_library()
    first = post(world, library).json()
    keep_trial(world, first["id"], 0.5)
    world.http.post(f"/v1/jobs/{first['job']}/cancel")
    stopped = world.http.get(f"/v1/searches/{first['id']}").json()
    assert (stopped["state"], stopped["error"]["type"]) == ("cancelled", "/problems/work-cancelled")
    again = post(world, library)
    assert (again.status_code, again.json()["id"]) == (202, first["id"])
    assert again.json()["num_trials"] == 1


@pytest.mark.parametrize(
    ("budget", "problem"),
    [
        ({"parameters": 69}, "infeasible-budget"),
        ({"parameters": 200, "macs": 300}, "infeasible-budget"),
        ({"parameters": 200, "accuracy_drop": 1}, "unsupported-budget"),
        ({"latency_ms": 5, "device": "phone"}, "unknown-resource"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    world: World, budget: dict[str, Any], problem: str
) -> None:
    library = world.ready_library()
    answer = post(world, library, budget=budget)
    assert answer.json()["type"] == f"/problems/{problem}"
    assert world.http.get(f"/v1/libraries/{library}/searches").json()["items"] == []


@pytest.mark.parametrize(
    "changes", [{"strategy": "exact"}, {"objective": "predicted"}, {"sampler": "luck"}]
)
def test_another_kind_of_search_is_refused(world: World, changes: dict[str, Any]) -> None:
    assert post(world, "library_none", **changes).status_code == 422


def test_a_library_is_not_deleted_while_it_is_searched(world: World) -> None:
    library = world.ready_library()
    body = post(world, library).json()
    refused = world.http.delete(f"/v1/libraries/{library}")
    assert (refused.status_code, body["job"] in refused.json()["detail"]) == (409, True)
    world.http.post(f"/v1/jobs/{body['job']}/cancel")
    assert world.http.delete(f"/v1/libraries/{library}").status_code == 204
    assert world.http.get(f"/v1/searches/{body['id']}").status_code == 404


def test_a_library_in_the_making_is_not_searched(world: World) -> None:
    library = world.post_library(world.ready_teacher(), world.ready_dataset()).json()["id"]
    assert post(world, library).json()["type"] == "/problems/resource-not-ready"


def test_a_search_is_deleted_when_it_has_ended_and_its_student_stays(world: World) -> None:
    library = world.ready_library()
    student = world.post_student(library).json()["id"]
    body = post(world, library).json()
    path = f"/v1/searches/{body['id']}"
    keep_trial(world, body["id"], 0.5)
    refused = world.http.delete(path)
    assert (refused.status_code, body["job"] in refused.json()["detail"]) == (409, True)
    world.do(lambda session: searches.note_student(session, body["id"], student))
    assert world.http.get(f"/v1/students/{student}").json()["search"] == body["id"]
    assert world.http.delete(path).status_code == 204
    assert world.http.get(path).status_code == world.http.get(f"{path}/trials").status_code == 404
    assert world.http.get(f"/v1/students/{student}").json()["search"] is None
    assert post(world, library).json()["num_trials"] == 0
