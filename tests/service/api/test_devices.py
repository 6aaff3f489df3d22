"""Devices over HTTP: their tables, budgets on their latency, and students measured on them."""

from typing import Any

import httpx2
import pytest

from service.measure_latency.one_file import script
from tests.service.api.world import World

SETTING = {"backend": "torch 2.13.0", "threads": 1, "repeats": 30}
PER_CHANNEL_MS, PART_MS, TEACHER_MS = 0.5, 2.5, 8.0


def latency(latency_ms: float) -> dict[str, float]:
    return {"latency_ms": latency_ms, "spread_ms": 0.01}


def candidates_of(world: World, library: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.http.get(f"/v1/libraries/{library}/candidates").json()[
        "items"
    ]
    return found


def table(world: World, library: str, **changes: Any) -> dict[str, Any]:
    """Every candidate takes half a millisecond a channel, the teacher half of one besides."""
    widths = {each["id"]: 4 * each["knobs"]["multiplier"] for each in candidates_of(world, library)}
    return {
        "name": "my-phone",
        "description": "On the table.",
        "library": library,
        "setting": SETTING,
        "teacher": latency(TEACHER_MS),
        "parts": {f"block{index}": latency(PART_MS) for index in range(3)},
        "candidates": {id: latency(PER_CHANNEL_MS * width) for id, width in widths.items()},
    } | changes


def post(world: World, library: str, **changes: Any) -> httpx2.Response:
    return world.http.post("/v1/devices", json=table(world, library, **changes))


def another_library(world: World, library: str) -> str:
    """Of the same teacher and data set."""
    first = world.http.get(f"/v1/libraries/{library}").json()
    return world.another_library(first["teacher"], first["dataset"], seed=1)


def test_a_device_is_found_by_its_id_and_by_its_name(world: World) -> None:
    library = world.ready_library()
    answer = post(world, library)
    body = answer.json()
    assert answer.status_code == 201
    assert body["name"] == "my-phone"
    assert body["libraries"] == [library]
    assert world.http.get(answer.headers["location"]).json() == body
    assert world.http.get("/v1/devices/my-phone").json() == body
    assert world.http.get("/v1/devices").json()["items"] == [body]
    shown = world.http.get(f"/v1/devices/my-phone/tables/{library}").json()
    assert (shown["outside_ms"], shown["parts_share"]) == (TEACHER_MS - 3 * PART_MS, 1)
    assert len(shown["candidates"]) == 9


def test_the_same_table_again_is_the_same_device_and_another_is_refused(world: World) -> None:
    library = world.ready_library()
    first = post(world, library).json()
    again = post(world, library)
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert "posted before" in again.json()["note"]
    other = post(world, library, teacher=latency(9.0))
    assert other.status_code == 409
    assert other.json()["type"] == "/problems/device-differs"
    assert post(world, library, teacher=latency(9.0), name="laptop").status_code == 201


def test_a_device_keeps_a_table_for_every_library(world: World) -> None:
    library = world.ready_library()
    world.http.post("/v1/devices", json=table(world, library))
    other = another_library(world, library)
    body = world.http.post("/v1/devices", json=table(world, other)).json()
    assert body["libraries"] == [library, other]


@pytest.mark.parametrize("strategy", ["exact", "greedy", "optuna"])
def test_a_budget_limits_the_latency_on_a_device(world: World, strategy: str) -> None:
    library = world.ready_library()
    device = post(world, library).json()["id"]
    budget = {"latency_ms": 4.5, "device": "my-phone"}
    answer = world.post_student(library, budget=budget, strategy=strategy)
    body = answer.json()
    assert answer.status_code == 201, body
    assert body["budget"]["device"] == device
    widths = [4 * part["knobs"]["multiplier"] for part in body["selection"]]
    assert body["cost"]["latency_ms"] == 0.5 + PER_CHANNEL_MS * sum(widths) <= 4.5
    if strategy == "exact":
        assert sum(widths) == 8


def test_a_share_of_the_teachers_latency_is_a_limit(world: World) -> None:
    library = world.ready_library()
    post(world, library)
    answer = world.post_student(library, budget={"latency_ms": "25%", "device": "my-phone"})
    assert answer.json()["cost"]["latency_ms"] == 2.0


def test_parts_that_take_longer_one_by_one_count_for_less(world: World) -> None:
    """Else the smallest student would take -4 ms."""
    library = world.ready_library()
    post(world, library, teacher=latency(2.0))
    shown = world.http.get(f"/v1/devices/my-phone/tables/{library}").json()
    assert (shown["outside_ms"], shown["parts_share"]) == (0, pytest.approx(2.0 / 7.5))
    curve = world.http.get(
        f"/v1/libraries/{library}/trade-off-curve?axis=latency_ms&device=my-phone"
    )
    least = min(point["cost"]["latency_ms"] for point in curve.json()["points"])
    assert least == pytest.approx(3 * PER_CHANNEL_MS * 2.0 / 7.5, abs=1e-5)
    small = world.post_student(library, budget={"latency_ms": "20%", "device": "my-phone"})
    assert small.json()["cost"]["latency_ms"] == pytest.approx(least)


@pytest.mark.parametrize("teacher_ms", [0, 1e-7])
def test_latencies_that_leave_a_student_no_time_are_refused(
    world: World, teacher_ms: float
) -> None:
    answer = post(world, world.ready_library(), teacher=latency(teacher_ms))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-latencies")
    assert "Measure again" in answer.json()["detail"]


def test_a_device_that_is_deleted_and_posted_anew_makes_new_students(world: World) -> None:
    library = world.ready_library()
    post(world, library)
    budget = {"latency_ms": 4.5, "device": "my-phone"}
    first = world.post_student(library, budget=budget).json()
    assert world.post_student(library, budget=budget).json()["id"] == first["id"]
    assert world.http.delete("/v1/devices/my-phone").status_code == 204
    assert world.http.get(f"/v1/students/{first['id']}").json()["cost"]["latency_ms"] == 4.5
    post(world, library)
    assert world.post_student(library, budget=budget).json()["id"] != first["id"]


def test_an_unknown_device_and_one_without_this_library_say_so(world: World) -> None:
    library = world.ready_library()
    budget = {"latency_ms": 4.5, "device": "my-phone"}
    answer = world.post_student(library, budget=budget)
    assert answer.status_code == 404
    assert "no device 'my-phone'" in answer.json()["detail"]
    post(world, library)
    answer = world.post_student(another_library(world, library), budget=budget)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/latencies-missing"
    assert "measure_latency.py" in answer.json()["detail"]


def test_a_peak_of_activations_that_nobody_counted_cannot_be_limited(world: World) -> None:
    answer = world.post_student(world.ready_library(), budget={"activation_bytes": 10**9})
    assert answer.status_code == 422
    assert "before the peak of activations was counted" in answer.json()["detail"]


@pytest.mark.parametrize("value", ["NaN", "-1", "Infinity", '"fast"'])
def test_a_latency_is_a_number_of_milliseconds(world: World, value: str) -> None:
    library = world.ready_library()
    given = httpx2.Request("POST", "http://x", json=table(world, library)).content
    wrong = given.replace(
        b'"teacher":{"latency_ms":8.0', b'"teacher":{"latency_ms":' + value.encode()
    )
    assert wrong != given
    answer = world.http.post(
        "/v1/devices", content=wrong, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert "teacher.latency_ms" in answer.text or "JSON" in answer.text
    assert world.http.get("/v1/devices").json()["items"] == []


def test_a_table_has_all_candidates_of_its_library_and_no_others(world: World) -> None:
    library = world.ready_library()
    times = table(world, library)["candidates"]
    first, *rest = sorted(times)
    missing = post(world, library, candidates={each: times[each] for each in rest})
    assert missing.status_code == 422
    assert (
        f"no latency of '{first}', a candidate of the library; 1 of 9" in missing.json()["detail"]
    )
    unknown = post(world, library, candidates={**times, "candidate_x": latency(1)})
    assert "times 'candidate_x', which is no candidate" in unknown.json()["detail"]
    parts = post(world, library, parts={})
    assert "no latency of 'block0', a neighbourhood" in parts.json()["detail"]
    assert world.http.get("/v1/devices").json()["items"] == []


def test_a_table_names_a_library_that_is_ready(world: World) -> None:
    library = world.ready_library()
    body = table(world, library)
    assert world.http.post("/v1/devices", json=body | {"library": "x"}).status_code == 404
    first = world.http.get(f"/v1/libraries/{library}").json()
    pending = world.post_library(first["teacher"], first["dataset"], seed=5).json()["id"]
    assert world.http.post("/v1/devices", json=body | {"library": pending}).status_code == 409


def test_a_measured_student_stands_beside_the_sum_of_its_parts(world: World) -> None:
    library = world.ready_library()
    device = post(world, library).json()["id"]
    student = world.post_student(library, budget={"parameters": 70}).json()["id"]
    body = {"student": student, "latency": latency(2.25), "setting": SETTING}
    answer = world.http.post("/v1/devices/my-phone/students", json=body)
    assert answer.status_code == 201
    assert answer.json()["predicted_ms"] == 0.5 + 3 * PER_CHANNEL_MS
    assert answer.json()["latency"] == latency(2.25)
    assert world.http.post(f"/v1/devices/{device}/students", json=body).status_code == 200
    assert len(world.http.get("/v1/devices/my-phone/students").json()["items"]) == 1
    unknown = world.http.post("/v1/devices/my-phone/students", json=body | {"student": "x"})
    assert unknown.status_code == 404


def test_the_kit_has_every_shape_once_and_no_weights(world: World) -> None:
    library = world.ready_library()
    kit = world.http.get(f"/v1/libraries/{library}/latency-kit").json()
    assert kit["library"] == library
    assert kit["input"] == [3, 32, 32]
    ids = [each["id"] for each in candidates_of(world, library)]
    assert [id for part in kit["parts"] for id in part.get("candidates", ())] == ids
    own = [part["neighbourhood"] for part in kit["parts"] if "neighbourhood" in part]
    assert own == ["block0", "block1", "block2"]
    assert {part["enters"] for part in kit["parts"]} == {"input", "out0", "out1"}
    shapes = [network["tensors"]["t0"] for network in kit["networks"]]
    assert shapes == [["F32", [width, 2, 3, 3]] for width in (4, 1, 2)]


def test_the_kit_for_onnx_runtime_is_refused_where_there_is_no_translation(world: World) -> None:
    """The world's networks are nothing that can be run."""
    library = world.ready_library()
    answer = world.http.get(f"/v1/libraries/{library}/latency-kit?runtime=onnxruntime")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-exportable")


def test_the_script_is_served_as_it_is(world: World) -> None:
    answer = world.http.get("/v1/devices/measure_latency.py")
    assert answer.content == script()
