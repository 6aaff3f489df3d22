from typing import Any

from tests.service.api.test_surveys import measure_next, post
from tests.service.api.world import World


def calibration(world: World, library: str) -> dict[str, Any]:
    body: dict[str, Any] = world.http.get(f"/v1/libraries/{library}/calibration").json()
    return body


def test_before_anything_was_measured_nothing_is_told(world: World) -> None:
    body = calibration(world, world.ready_library())
    nothing = {"num_predicted": 0, "num_inside": 0, "share_inside": None}
    assert (body["coverage"], body["students"]) == (0.9, [])
    assert body["promised"] == body["from_others"] == nothing


def test_what_was_promised_stands_beside_what_was_measured(world: World) -> None:
    library = world.ready_library()
    promises = {
        each["student"]: each["predicted_accuracy"]
        for each in post(world, library).json()["students"]
    }
    for value in (30.0, 85.0, 86.0, 87.0):
        measure_next(world, value)
    body = calibration(world, library)
    assert {each["student"]: each["promised"] for each in body["students"]} == promises
    assert sorted(each["measured"]["value"] for each in body["students"]) == [30, 85, 86, 87]
    for each in body["students"]:
        told, value = each["promised"], each["measured"]["value"]
        assert each["promised_inside"] == (told["low"] <= value <= told["high"])
    inside = sum(each["promised_inside"] for each in body["students"])
    assert body["promised"]["num_inside"] == inside
    assert body["promised"]["share_inside"] == inside / 4
    assert body["from_others"]["num_predicted"] == 4


def test_an_unfinished_library_has_none(world: World) -> None:
    library = world.post_library(world.ready_teacher(), world.ready_dataset()).json()["id"]
    answer = world.http.get(f"/v1/libraries/{library}/calibration")
    assert answer.json()["type"] == "/problems/resource-not-ready"


def test_a_deleted_student_no_longer_counts(world: World) -> None:
    library = world.ready_library()
    post(world, library)
    for _ in range(4):
        measure_next(world)
    gone = calibration(world, library)["students"][0]["student"]
    assert world.http.delete(f"/v1/students/{gone}").status_code == 204
    assert gone not in {each["student"] for each in calibration(world, library)["students"]}
