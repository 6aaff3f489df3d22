"""Every call, by either client, against a service."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest

from candidates.recipe import LibraryRecipe, TeacherRecipe
from search.budget import Budget
from service.bodies.devices import NewDeviceBody, NewStudentLatencyBody
from service.bodies.jobs import Amendment, JobBody
from service.bodies.tokens import NewTokenBody
from service.client import Client, ClientError, JobEnded, Patience, Refused
from service.client.clients import Calls
from service.client.operation import listing, operation
from tests.service.api import test_devices
from tests.service.api.everything import everything, latency
from tests.service.api.world import RECIPE
from tests.service.client.either import Either, Kind, either
from tests.service.living import Live, living
from tests.service.networks import teacher_weights
from tests.service.opened import headers

OPENAPI = Path(__file__).parents[3] / "docs" / "openapi.json"
NOT_CALLED = {
    "get /livez",  # for who runs the service
    "get /metrics",
    "get /problems/{slug}",  # pages for people
    "get /v1/devices/measure_latency.py",  # comes with the client
    "get /v1/students/{student_id}/trials",  # of Optuna; the student tells the best of them
    "get /v1/teachers/{teacher_id}/libraries",  # the same as /v1/libraries?teacher=…
}


@pytest.fixture
def live(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    with living(tmp_path, sqlite_template) as live:
        yield live


def test_every_call_of_the_api_can_be_made(live: Live, kind: Kind, tmp_path: Path) -> None:
    shown = headers(live.world.parts.database, scope="admin")
    live.world.http.headers.update(shown)
    ids = everything(live.world)
    asked: list[str] = []
    with either(kind, live.url) as client:
        client.client._http.headers.update(shown)
        client.client._http.event_hooks = {"request": [_noting(asked, kind)]}
        _look_at_everything(client, ids)
        _make_everything(client, live, ids, tmp_path)
        _delete_everything(client, ids)
    called = {name for each in asked for name in described() if _fits(name, each)}
    assert described() - called == NOT_CALLED


def _noting(asked: list[str], kind: Kind) -> Any:
    def note(request: httpx2.Request) -> None:
        asked.append(f"{request.method.lower()} {request.url.path}")

    async def note_later(request: httpx2.Request) -> None:
        note(request)

    return note if kind == "sync" else note_later


def _look_at_everything(client: Either, ids: dict[str, str]) -> None:
    library, student = ids["library_id"], ids["student_id"]
    assert client.version().name == "student-search"
    assert client.readiness().database.well
    for noun in ("dataset", "teacher", "library", "student", "survey", "search"):
        assert getattr(client, noun)(ids[f"{noun}_id"]).id == ids[f"{noun}_id"]
    for noun in ("upload", "webhook", "token", "job"):
        assert getattr(client, noun)(ids[f"{noun}_id"]).id == ids[f"{noun}_id"]
    for nouns in ("datasets", "teachers", "libraries", "students", "devices", "jobs", "uploads"):
        assert getattr(client, nouns)()
    assert client.webhooks()
    assert client.tokens()
    assert client.surveys(library)
    assert client.searches(library)
    assert client.refinements(student)
    assert client.refinement(student, ids["refinement_id"]).student == student
    assert client.candidates(library, limits={"max_parameters": 1}) == []
    assert len(client.candidates(library)) == 9
    assert client.omissions(library) == []
    assert client.deliveries(ids["webhook_id"]) == []
    assert client.search_trials(ids["search_id"]) == []
    assert client.teacher_neighbourhoods(ids["teacher_id"]).items
    assert client.library_neighbourhoods(library).items
    assert client.trade_off_curve(library).points
    assert client.calibration(library).library == library
    assert client.latency_kit(library)["library"] == library
    assert client.device(ids["device"]).id == ids["device"]
    assert client.latency_table(ids["device"], library).candidates
    assert client.student_latencies(ids["device"])
    assert client.follow(ids["job_id"])[-1].state == "succeeded"


def _make_everything(client: Either, live: Live, ids: dict[str, str], folder: Path) -> None:
    library, student = ids["library_id"], ids["student_id"]
    weights, archive = folder / "net.safetensors", folder / "pets.tar"
    weights.write_bytes(teacher_weights().to_bytes())
    archive.write_bytes(b"other images")
    recipe = TeacherRecipe.model_validate_json(json.dumps(RECIPE))
    client.post_teacher("net", recipe, weights)
    job = client.post_dataset("pets", archive).job
    assert client.amend(job, Amendment(priority=7)).priority == 7
    with pytest.raises(JobEnded):
        client.wait(job, lambda now: _cancel(live, now))
    client.retry(job)
    client.cancel(job)
    client.upload_file(archive)
    client.build_library(ids["teacher_id"], ids["dataset_id"], LibraryRecipe(steps=1))
    client.request_student(library, Budget(parameters=200))
    client.measure(student)
    client.refine(student)
    client.post_survey(library)
    client.post_search(library, Budget(parameters=200))
    client.post_webhook("https://1.1.1.1/told")
    client.post_token(NewTokenBody(name="another"))
    table = NewDeviceBody.model_validate(test_devices.table(live.world, library))
    client.post_device(table)
    client.post_student_latency(
        ids["device"], NewStudentLatencyBody.model_validate(latency(student))
    )
    client.download(student, folder / "student")
    client.download_teacher(ids["teacher_id"], folder / "teacher")


def _cancel(live: Live, job: JobBody) -> None:
    if job.finished_at is None:
        live.world.http.post(f"/v1/jobs/{job.id}/cancel")


def _delete_everything(client: Either, ids: dict[str, str]) -> None:
    client.delete_device(ids["device"])
    for noun in ("upload", "webhook"):
        getattr(client, f"delete_{noun}")(ids[f"{noun}_id"])
    for noun in ("survey", "search", "student", "library", "teacher", "dataset"):
        with suppress(Refused):  # where a job still makes it, or something else refers to it
            getattr(client, f"delete_{noun}")(ids[f"{noun}_id"])
    client.revoke_token(ids["token_id"])


def described() -> set[str]:
    """What docs/openapi.json tells of, as methods and paths."""
    paths = json.loads(OPENAPI.read_text())["paths"]
    return {f"{method} {path}" for path, each in paths.items() for method in each}


def _fits(described: str, asked: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", described), asked) is not None


def test_lists_go_on_over_all_pages(
    live: Live, client: Either, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.client.calls.PAGE_ITEMS", 2)
    made = [live.world.post_dataset(f"{n}".encode()).json()["id"] for n in range(5)]
    assert [each.id for each in client.datasets()] == made[::-1]


def test_a_list_asks_for_no_page_that_nobody_wants(live: Live) -> None:
    assert next(live.client.datasets(), None) is None


def test_ids_are_taken_literally(client: Either) -> None:
    with pytest.raises(Refused, match=r"no job 'x\?limit=1#y'"):
        client.job("x?limit=1#y")


def test_a_library_is_asked_for_with_its_whole_recipe(live: Live, client: Either) -> None:
    recipe = LibraryRecipe(steps=7, seed=3)
    teacher, dataset = live.world.ready_teacher(), live.world.ready_dataset()
    library = client.build_library(teacher, dataset, recipe)
    assert client.library(library.id).recipe == recipe


def test_a_problem_is_raised_with_its_members(live: Live, client: Either) -> None:
    with pytest.raises(Refused, match="at least 70") as caught:
        client.request_student(live.world.ready_library(), Budget(parameters=5))
    assert caught.value.problem.type == "/problems/infeasible-budget"
    assert caught.value.problem.model_dump()["smallest"] == 70


def test_a_service_that_answers_is_ready_and_one_that_is_not_there_is_not(
    client: Either, kind: Kind
) -> None:
    assert client.is_ready()
    with either(kind, "http://127.0.0.1:9") as nobody:
        assert not nobody.is_ready()


def test_a_stranger_is_recognised(kind: Kind) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as stranger:
        thread = Thread(target=stranger.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{stranger.server_port}"
        refused = pytest.raises(ClientError, match=r"answered 501 .* and not the service itself")
        with either(kind, url, Patience(attempts=1)) as client, refused:
            client.job("job_1")
        thread.join()


@pytest.mark.parametrize("url", ["localhost:8000", "service", "ftp://service", "http://"])
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(ClientError, match=r"is no address of a service\. Write it like http://"):
        Client(url)


def test_a_token_that_was_copied_wrong_is_not_sent() -> None:
    with pytest.raises(ClientError, match="Copy it again"):
        Client("http://127.0.0.1:9", token="tök\nen")


def test_every_call_says_what_it_is_for() -> None:
    calls = [getattr(Calls, name) for name in dir(Calls) if not name.startswith("_")]
    assert len(calls) > 50
    assert all(isinstance(each, operation | listing) and each.__doc__ for each in calls)
