"""What Prometheus reads."""

import random

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.database import DatabaseUnavailable
from service.repositories import census
from tests.service.api.world import World


def test_requests_are_counted_by_the_template_of_their_route(world: World) -> None:
    world.http.get("/v1/students/student_1")
    world.http.get("/v1/students/student_2")
    count = "student_search_http_requests_total"
    labels = {"method": "GET", "route": "/v1/students/{student_id}", "status": "404"}
    assert value(world, count, **labels) == 2
    del labels["status"]
    assert value(world, "student_search_http_request_seconds_count", **labels) == 2


def test_nothing_that_callers_choose_adds_series(world: World) -> None:
    chance = random.Random(0)
    for path in ("/v1/jobs/a", "/v1/jobs/a?b=c", "/b/c"):
        for method in ("GET", "PURGE"):
            world.http.request(method, path)
    before = num_series(world)
    for number in range(1000):
        word = f"{chance.getrandbits(64):x}"
        path = (f"/v1/jobs/{word}", f"/{word}/{word}", f"/v1/jobs/{word}?{word}={word}")[number % 3]
        method = "GET" if number % 2 else f"M{word}"
        world.http.request(method, path, headers={"X-Request-ID": word})
    assert num_series(world) == before


def test_an_error_that_nobody_expected_counts_as_500(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.repositories.students.get", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        world.http.get("/v1/students/student_1")
    assert value(world, "student_search_http_requests_total", status="500") == 1


def test_bytes_of_uploads_are_counted(world: World) -> None:
    world.post_dataset(b"x" * 10_000)
    received = value(world, "student_search_http_received_bytes_total", route="/v1/datasets")
    assert 10_000 < received < 11_000


def test_selections_are_timed_and_students_counted_once(world: World) -> None:
    library = world.ready_library()
    for _ in range(2):
        world.post_student(library)
    world.post_student(library, budget={"parameters": 1})
    assert value(world, "student_search_students_made_total", strategy="exact") == 1
    assert value(world, "student_search_selection_seconds_count", strategy="exact") == 2
    assert value(world, "student_search_students") == 1


def test_units_and_jobs_are_shown_by_state_and_claims_in_all(world: World) -> None:
    world.ready_teacher()
    world.post_dataset()
    assert value(world, "student_search_units", state="succeeded") == 1
    assert value(world, "student_search_jobs", state="queued") == 1
    assert value(world, "student_search_claims_total") == 1
    assert value(world, "student_search_lease_expiries_total") == 0


def test_one_scrape_after_the_other_counts_rows_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    take = census.take
    monkeypatch.setattr(census, "take", lambda session: taken.append(1) or take(session))
    for _ in range(5):
        assert world.http.get("/metrics").status_code == 200
    assert len(taken) == 1


def test_a_database_that_is_down_leaves_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: object) -> None:
        raise DatabaseUnavailable("SELECT", None, OSError("gone"))

    monkeypatch.setattr(census, "take", fail)
    world.http.get("/livez")
    assert value(world, "student_search_database_up") == 0
    assert value(world, "student_search_http_requests_total", route="/livez") == 1


def value(world: World, sample: str, **labels: str) -> float:
    """Of the one sample with this name and these labels, among others."""
    found = [
        each.value
        for family in text_string_to_metric_families(world.http.get("/metrics").text)
        for each in family.samples
        if each.name == sample and labels.items() <= each.labels.items()
    ]
    assert len(found) == 1, (sample, labels, found)
    return found[0]


def num_series(world: World) -> int:
    """Without those of this very question."""
    lines = world.http.get("/metrics").text.splitlines()
    return len([line for line in lines if "/metrics" not in line and not line.startswith("#")])
