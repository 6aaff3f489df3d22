import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from service.curve_picture import BLUE, ORANGE
from service.records import Progress
from tests.service.api.test_devices import TEACHER_MS
from tests.service.api.test_devices import post as post_device
from tests.service.api.world import World
from tests.service.networks import NUM_NEIGHBOURHOODS

PATH = "{http://www.w3.org/2000/svg}path"
PNG = b"\x89PNG\r\n\x1a\n"


def fetch(world: World, library: str, accept: str = "*/*", **params: Any) -> httpx2.Response:
    path = f"/v1/libraries/{library}/trade-off-curve"
    return world.http.get(path, params=params, headers={"accept": accept})


def measured_library(world: World) -> tuple[str, str]:
    """A library with a measured student, and the student."""
    student = world.ready_student()
    world.measure(student["id"])
    return student["library"], student["id"]


@pytest.mark.parametrize("axis", ["parameters", "macs", "bytes"])
def test_the_curve_runs_from_the_smallest_student_to_the_teacher(world: World, axis: str) -> None:
    curve = fetch(world, world.ready_library(), axis=axis).json()
    costs = [point["cost"][axis] for point in curve["points"]]
    assert costs == sorted(set(costs))
    assert curve["points"][0]["cost"]["parameters"] == 10 + 3 * 20
    assert curve["points"][-1]["cost"]["parameters"] == curve["teacher_cost"]["parameters"]
    assert curve["points"][-1]["predicted_accuracy"]["value"] == 90.0
    assert [point["cost"]["parameters"] for point in curve["uniform"]] == [70, 130, 250]
    assert curve["measured"] == []


def test_costs_are_shown_as_a_share_of_the_teachers_too(world: World) -> None:
    points = fetch(world, world.ready_library()).json()["points"]
    assert (points[0]["share"], points[-1]["share"]) == (70 / 250, 1.0)


def test_predictions_come_with_an_interval(world: World) -> None:
    for point in fetch(world, world.ready_library()).json()["points"]:
        predicted = point["predicted_accuracy"]
        assert predicted["low"] <= predicted["value"] <= predicted["high"]


@pytest.mark.parametrize(("line", "strategy"), [("points", "exact"), ("uniform", "uniform")])
def test_every_point_can_be_made_a_student(world: World, line: str, strategy: str) -> None:
    library = world.ready_library()
    for point in fetch(world, library).json()[line]:
        answer = world.post_student(library, budget=point["budget"], strategy=strategy)
        assert answer.json()["cost"] == point["cost"], answer.text
        chosen = tuple(part["candidate"] for part in answer.json()["selection"])
        assert answer.json()["loss"] == point["loss"] or chosen == tuple(point["choices"])


def test_a_thinned_curve_says_how_many_points_there_are(world: World) -> None:
    curve = fetch(world, world.ready_library(), points=2).json()
    assert len(curve["points"]) == 2
    assert curve["num_undominated"] > 2


def test_a_measured_student_lies_beside_its_prediction(world: World) -> None:
    library, student = measured_library(world)
    (point,) = fetch(world, library).json()["measured"]
    assert (point["student"], point["strategy"]) == (student, "exact")
    assert point["measured_accuracy"] == {"value": 80.0, "standard_error": 0.4}
    assert point["teacher_accuracy"]["value"] == 91.0
    predicted = point["predicted_accuracy"]
    assert point["inside"] == (predicted["low"] <= 80.0 <= predicted["high"])


def test_a_curve_stays_as_it_is_until_a_student_is_measured(world: World) -> None:
    student = world.ready_student()
    path = f"/v1/libraries/{student['library']}/trade-off-curve"
    known = {"if-none-match": world.http.get(path).headers["etag"]}
    unchanged = world.http.get(path, headers=known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    world.measure(student["id"])
    changed = world.http.get(path, headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != known["if-none-match"]
    world.http.delete(f"/v1/students/{student['id']}")
    assert world.http.get(path).json()["measured"] == []


def test_the_curve_is_a_table_too(world: World) -> None:
    library, student = measured_library(world)
    answer = fetch(world, library, format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    curve = fetch(world, library).json()
    lines = [row["line"] for row in rows]
    assert lines == ["curve"] * len(curve["points"]) + ["uniform"] * 3 + ["measured", "teacher"]
    assert rows[0]["choices"].split() == curve["points"][0]["choices"]
    assert (rows[-2]["student"], rows[-2]["measured_accuracy"]) == (student, "80.0")
    assert rows[-1]["parameters"] == "250"


@pytest.mark.parametrize("axis", ["parameters", "macs", "bytes"])
def test_the_curve_is_a_picture_too(world: World, axis: str) -> None:
    library, _ = measured_library(world)
    vectors = fetch(world, library, axis=axis, format="svg")
    assert vectors.headers["content-type"].startswith("image/svg+xml")
    assert ElementTree.fromstring(vectors.content).tag == "{http://www.w3.org/2000/svg}svg"
    assert fetch(world, library, axis=axis, format="png").content.startswith(PNG)


def test_both_lines_of_the_picture_go_in_steps(world: World) -> None:
    picture = ElementTree.fromstring(fetch(world, world.ready_library(), format="svg").content)
    for colour in (BLUE, ORANGE):
        line = next(each for each in picture.iter(PATH) if is_line(each, colour))
        corners = re.findall(r"[ML] (\S+) (\S+)", line.attrib["d"])
        assert len(corners) > 2
        for (x, y), (next_x, next_y) in pairwise(corners):
            assert x == next_x or y == next_y


def is_line(path: ElementTree.Element, colour: str) -> bool:
    style = path.get("style", "")
    return f"stroke: {colour.lower()}" in style and "stroke-width: 1.8" in style


def test_equal_curves_are_equal_pictures(world: World) -> None:
    library = world.ready_library()
    first = fetch(world, library, format="svg").headers["etag"]
    world.parts.curves.forget()
    assert fetch(world, library, format="svg").headers["etag"] == first


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/html, */*;q=0.8", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("application/json;q=0, text/csv;q=0.1", "text/csv; charset=utf-8"),
        ("IMAGE/PNG;q=high", "image/png"),
    ],
)
def test_the_form_is_the_one_that_is_liked_best(world: World, accept: str, media_type: str) -> None:
    answer = fetch(world, world.ready_library(), accept=accept)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["vary"] == "Accept"


def test_a_named_format_goes_before_what_is_accepted(world: World) -> None:
    answer = fetch(world, world.ready_library(), accept="text/csv", format="json")
    assert answer.json()["axis"] == "parameters"


def test_a_library_in_the_making_has_no_curve_yet_and_says_how_far_it_is(world: World) -> None:
    library = world.post_library(world.ready_teacher(), world.ready_dataset()).json()
    world.gather(library["id"])
    world.ledger.heartbeat(world.claim(), Progress(done=2, total=3))
    answer = fetch(world, library["id"])
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "/problems/library-unfinished")
    assert (problem["kind"], problem["state"], problem["job_id"]) == (
        "library", "pending", library["job"],
    )  # fmt: skip
    assert (problem["done"], problem["total"]) == (2, 9)
    assert "2 of 9 candidates scored" in problem["detail"]


def test_a_failed_library_can_be_gone_on_with(world: World) -> None:
    library = world.post_library(world.ready_teacher(), world.ready_dataset()).json()
    world.fail("InvalidDataset", "The images are gone.")
    answer = fetch(world, library["id"])
    assert (answer.status_code, answer.json()["state"]) == (409, "failed")
    assert answer.json()["detail"].endswith("Post it again to go on.")


def test_latency_needs_a_device(world: World) -> None:
    answer = fetch(world, world.ready_library(), axis="latency_ms")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/device-missing")
    assert "The axis latency_ms needs a device" in answer.json()["detail"]


def test_an_empty_library_has_no_curve(world: World) -> None:
    posted = world.post_library(world.ready_teacher(), world.ready_dataset()).json()
    world.gather(posted["id"])
    for _ in range(NUM_NEIGHBOURHOODS):
        world.complete_with_candidates(world.claim(), posted["id"], [])
    answer = fetch(world, posted["id"])
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/empty-library")
    assert "has no candidate for the neighbourhood" in answer.json()["detail"]


def test_an_unknown_device_is_named(world: World) -> None:
    answer = fetch(world, world.ready_library(), axis="latency_ms", device="phone")
    assert answer.status_code == 404
    assert "phone" in answer.json()["detail"]


@pytest.mark.parametrize("format", ["json", "csv", "svg"])
def test_the_latencies_are_those_of_the_device(world: World, format: str) -> None:
    library = world.ready_library()
    device = post_device(world, library).json()
    on_device = {"axis": "latency_ms", "device": "my-phone"}
    curve = fetch(world, library, **on_device).json()
    assert curve["device"] == device["id"]
    assert curve["teacher_cost"]["latency_ms"] == TEACHER_MS
    assert [point["cost"]["latency_ms"] for point in curve["uniform"]] == [2.0, 3.5, 6.5]
    answer = world.post_student(library, budget=curve["points"][0]["budget"])
    assert answer.json()["cost"] == curve["points"][0]["cost"]
    assert fetch(world, library, format=format, **on_device).is_success
