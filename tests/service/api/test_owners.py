"""Two owners of one service: every call of the OpenAPI, with everything that the other one has."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

import service.api
from service.tables import Base, Identified
from tests.service import networks, opened
from tests.service.api import test_devices
from tests.service.api.everything import everything, latency, made
from tests.service.api.world import RECIPE, World

NOBODYS = {"/livez", "/readyz", "/version", "/metrics", "/problems/{slug}"}
NOBODYS |= {"/v1/devices/measure_latency.py"}
"""What is the same for everybody."""
EVERYBODY_HAS = {"/v1/tokens"}
FILTERS = {"resource": "library_id"}
RESOURCES = {"teacher", "library", "dataset", "student", "job", "resource"}
"""Filters by something whose id is not named like its path parameter."""


@dataclass(frozen=True)
class Neighbours:
    """`alice` has one of everything, named by its parameter in paths; `bob` has nothing."""

    alice: World
    bob: TestClient
    ids: dict[str, str]

    def path(self, template: str) -> str:
        """With Alice's ids in it; a parameter without one fails the test."""
        return re.sub(r"\{(\w+)\}", lambda match: self.ids[match[1]], template)


@pytest.fixture
def neighbours(world: World) -> Neighbours:
    database = world.parts.database
    hers = opened.headers(database, "alice", "admin")
    his = opened.headers(database, "bob", "admin")
    there = replace(world, http=TestClient(world.http.app, headers=hers))
    return Neighbours(there, TestClient(world.http.app, headers=his), everything(there))


def _calls(http: TestClient) -> Iterator[tuple[str, str]]:
    for path, calls in http.get("/openapi.json").json()["paths"].items():
        if path not in NOBODYS:
            yield from ((method, path) for method in calls)


def test_alice_finds_all_that_is_hers(neighbours: Neighbours) -> None:
    for method, path in _calls(neighbours.bob):
        if method == "get":
            answer = neighbours.alice.http.get(neighbours.path(path))
            assert answer.is_success, (path, answer.text)


def test_bob_finds_nothing_of_it_whatever_he_calls(neighbours: Neighbours) -> None:
    """A new call needs no new line here, unless its path has a new parameter."""
    bodies = _bodies(neighbours.ids)
    tried = 0
    for method, path in _calls(neighbours.bob):
        if "{" in path:
            content = bodies.get((method, path), {"json": {}} if method != "get" else {})
            answer = neighbours.bob.request(method, neighbours.path(path), **content)
            assert answer.status_code == 404, (method, path, answer.text)
            tried += 1
    assert tried > 30


def test_bobs_lists_are_empty(neighbours: Neighbours) -> None:
    for method, path in _calls(neighbours.bob):
        if method == "get" and "{" not in path and path not in EVERYBODY_HAS:
            hers = neighbours.alice.http.get(path).json()["items"]
            assert hers, path
            assert neighbours.bob.get(path).json()["items"] == [], path
            for name in _filters(neighbours.bob, path):
                filters = {name: neighbours.ids[FILTERS.get(name, f"{name}_id")]}
                assert neighbours.bob.get(path, params=filters).json()["items"] == [], path


def test_bob_cannot_name_what_is_alices_in_what_he_posts(neighbours: Neighbours) -> None:
    ids, bob = neighbours.ids, neighbours.bob
    his = made(bob.post("/v1/teachers", **_teacher("his own")))
    assert his["id"] != ids["teacher_id"]
    for path, body in {
        "/v1/students": {"library": ids["library_id"], "budget": {"parameters": 200}},
        "/v1/devices": test_devices.table(neighbours.alice, ids["library_id"]),
        f"/v1/teachers/{ids['teacher_id']}/libraries": {"dataset": ids["dataset_id"]},
    }.items():
        answer = bob.post(path, json=body)
        assert answer.status_code == 404, (path, answer.text)


def test_bobs_library_cannot_use_alices_images_nor_her_device(neighbours: Neighbours) -> None:
    there = replace(neighbours.alice, http=neighbours.bob)
    _cancel_all(neighbours.alice)
    teacher = there.ready_teacher()
    answer = there.post_library(teacher, neighbours.ids["dataset_id"])
    assert (answer.status_code, answer.json()["kind"]) == (404, "dataset")
    library = there.another_library(teacher, there.ready_dataset())
    budget = {"latency_ms": 100, "device": neighbours.ids["device"]}
    answer = there.post_student(library, budget=budget)
    assert (answer.status_code, answer.json()["kind"]) == (404, "device")
    assert made(test_devices.post(there, library))["name"] == "my-phone"


def test_the_same_posted_by_both_is_two_and_tells_nobody(neighbours: Neighbours) -> None:
    there = replace(neighbours.alice, http=neighbours.bob)
    hers = neighbours.alice.post_teacher()
    his = there.post_teacher()
    assert (hers.status_code, his.status_code) == (200, 202)
    assert hers.json()["note"] is not None
    assert his.json()["note"] is None
    assert his.json()["id"] != hers.json()["id"]


def test_all_rows_that_came_of_alices_are_hers(neighbours: Neighbours) -> None:
    with neighbours.alice.parts.database.reading() as session:
        hers = opened.owner_id(session, "alice")
        for mapper in Base.registry.mappers:
            if issubclass(mapper.class_, Identified) and mapper.local_table.name != "tokens":
                owners = set(session.scalars(select(mapper.class_.owner_id)))
                assert owners <= {hers}, mapper.local_table.name


def test_routes_get_at_the_database_through_their_caller_alone() -> None:
    folder = Path(service.api.__file__).parent
    for file in folder.glob("*.py"):
        text = file.read_text("utf-8")
        assert "state.parts" not in text or file.name == "parts.py", file.name


def _bodies(ids: dict[str, str]) -> dict[tuple[str, str], dict[str, Any]]:
    """What would be right, if it were the caller's own."""
    search = {"budget": {"parameters": 200}, "trials": 4}
    piece = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
    return {
        ("patch", "/v1/uploads/{upload_id}"): {"content": b"x", "headers": piece},
        ("post", "/v1/teachers/{teacher_id}/libraries"): {"json": {"dataset": ids["dataset_id"]}},
        ("patch", "/v1/jobs/{job_id}"): {"json": {"priority": 1}},
        ("post", "/v1/libraries/{library_id}/surveys"): {"json": {"count": 2}},
        ("post", "/v1/libraries/{library_id}/searches"): {"json": search},
        ("post", "/v1/devices/{device}/students"): {"json": latency(ids["student_id"])},
    }


def _filters(http: TestClient, path: str) -> set[str]:
    """Parameters of a list that name resources."""
    parameters = http.get("/openapi.json").json()["paths"][path]["get"]["parameters"]
    return {each["name"] for each in parameters if each["in"] == "query"} & RESOURCES


def _teacher(name: str) -> dict[str, Any]:
    content = networks.teacher_weights().to_bytes()
    form = {"name": name, "recipe": json.dumps(RECIPE)}
    return {"data": form, "files": {"weights": content}}


def _cancel_all(alice: World) -> None:
    for job in alice.http.get("/v1/jobs").json()["items"]:
        alice.http.post(f"/v1/jobs/{job['id']}/cancel")
