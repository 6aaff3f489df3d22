import base64
import json
from typing import Any, get_args

import pytest

from service.api.jobs import Kind
from service.settlement import TABLES
from tests.service.api.world import World


def walk(world: World, path: str, **query: Any) -> list[dict[str, Any]]:
    """All items, page by page, by the links alone."""
    answer = world.http.get(path, params=query)
    items = []
    while True:
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        assert ("next" in answer.links) == (answer.json()["next"] is not None)
        if "next" not in answer.links:
            return items
        answer = world.http.get(answer.links["next"]["url"])


def test_the_link_leads_on_with_the_same_query(world: World) -> None:
    for number in range(5):
        world.post_dataset(f"{number}".encode())
    answer = world.http.get("/v1/datasets?limit=2&state=pending")
    link = answer.headers["link"]
    assert link.startswith("</v1/datasets?limit=2&state=pending&cursor=")
    assert link.endswith('>; rel="next"')
    newest_first = [each["id"] for each in walk(world, "/v1/datasets", limit=2)]
    assert newest_first == sorted(newest_first, reverse=True)
    assert len(newest_first) == 5
    oldest_first = [each["id"] for each in walk(world, "/v1/datasets", limit=2, sort="created_at")]
    assert oldest_first == newest_first[::-1]


@pytest.mark.parametrize("axis", ["parameters", "macs", "bytes", "kl", "accuracy_drop"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_candidates_are_sorted_by_what_they_cost_and_lose(
    world: World, axis: str, sign: str
) -> None:
    path = f"/v1/libraries/{world.ready_library()}/candidates"
    items = walk(world, path, limit=2, sort=sign + axis)
    assert len({each["id"] for each in items}) == len(items) == 9
    values = [_value(each, axis) for each in items]
    assert values == sorted(values, reverse=bool(sign))


def test_candidates_are_filtered_by_neighbourhood_kind_and_cost(world: World) -> None:
    path = f"/v1/libraries/{world.ready_library()}/candidates"
    small = walk(world, path, limit=1, max_parameters=40, neighbourhood="block1")
    assert [each["cost"]["parameters"] for each in small] == [20, 40]
    assert walk(world, path, kind="low_rank") == []
    assert len(walk(world, path, kind="width", max_kl=2.0, max_macs=150, max_bytes=10**6)) == 3
    assert len(walk(world, path, sort="-place")) == 9


def test_resources_are_filtered_by_what_they_are_and_came_of(world: World) -> None:
    student = world.ready_student()
    library = student["library"]
    made = world.http.get(f"/v1/libraries/{library}").json()
    for path, filters in {
        "/v1/students": {"library": library, "origin": "selection", "strategy": "exact"},
        "/v1/libraries": {"teacher": made["teacher"], "dataset": made["dataset"], "state": "ready"},
        "/v1/teachers": {"name": "net", "state": "ready"},
        "/v1/datasets": {"name": "pets"},
        "/v1/jobs": {"kind": "library", "state": "succeeded", "resource": library},
    }.items():
        assert len(walk(world, path, **filters)) == 1, path
    for path, filters in {
        "/v1/students": {"parent": student["id"]},
        "/v1/libraries": {"dataset": "dataset_1"},
        "/v1/teachers": {"name": "other"},
        "/v1/jobs": {"kind": "search"},
    }.items():
        assert walk(world, path, **filters) == [], path


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/jobs", {"state": "done"}),
        ("/v1/jobs", {"kind": "chore"}),
        ("/v1/jobs", {"sort": "state"}),
        ("/v1/students", {"origin": "luck"}),
        ("/v1/teachers", {"sort": "name"}),
    ],
)
def test_values_that_a_filter_does_not_know_are_refused(
    world: World, path: str, query: dict[str, str]
) -> None:
    assert world.http.get(path, params=query).status_code == 422


def test_jobs_are_sorted_by_priority(world: World) -> None:
    jobs = [world.post_dataset(f"{number}".encode()).json()["job"] for number in range(4)]
    for job, priority in zip(jobs, (1, 5, 5, -3), strict=True):
        world.http.patch(f"/v1/jobs/{job}", json={"priority": priority})
    items = walk(world, "/v1/jobs", sort="-priority", limit=1)
    assert [each["id"] for each in items] == [jobs[2], jobs[1], jobs[0], jobs[3]]


def test_every_kind_of_job_can_be_asked_for() -> None:
    assert set(get_args(Kind)) == TABLES.keys()


@pytest.mark.parametrize(
    "place",
    [
        ["jobs", "-priority", 1, "job_1"],
        ["datasets", "created_at", "dataset_1"],
        ["datasets", "-created_at"],
        ["datasets", "-created_at", 7],
        ["datasets", "-created_at", "\0"],
        {"a": 1},
        7,
    ],
)
def test_a_cursor_of_another_list_or_order_is_refused(world: World, place: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    answer = world.http.get("/v1/datasets", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-cursor")


def _value(candidate: dict[str, Any], axis: str) -> float:
    value: float = candidate["cost"].get(axis) or candidate["score"][axis]["value"]
    return value
