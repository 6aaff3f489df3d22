import os
import signal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service import readiness
from service.app import create_app
from service.launcher_process import LauncherProcess
from service.settings import Settings
from tests.service.api.world import World
from tests.service.disks import read_only
from tests.service.fake_units import LAUNCHER
from tests.service.waiting import wait_until


def test_the_service_is_alive_and_ready(world: World) -> None:
    assert world.http.get("/livez").json() == {"alive": True}
    answer = world.http.get("/readyz")
    assert answer.status_code == 200
    well = {"well": True, "problem": None}
    assert answer.json() == {
        "ready": True, "database": well, "store": well, "migrations": well, "dispatcher": well
    }  # fmt: skip


def test_it_is_not_ready_without_its_database(world: World, api_settings: Settings) -> None:
    (api_settings.data_dir / "student-search.db").unlink()
    assert "The database does not answer." in problem(world, "database")
    assert "unknown" in problem(world, "migrations")


def test_it_is_not_ready_while_its_store_takes_no_files(
    world: World, api_settings: Settings
) -> None:
    with read_only(api_settings.artifacts_dir):
        assert "The artifact store cannot take files: Permission denied." in problem(world, "store")
    assert world.http.get("/readyz").status_code == 200


def test_it_is_not_ready_with_tables_of_another_version(world: World) -> None:
    with world.parts.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "The tables are of revision 0001, this version" in problem(world, "migrations")


def test_it_is_not_ready_while_its_launcher_does_not_get_on(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(readiness, "SILENCE_SECONDS", 0.2)
    settings = Settings(data_dir=tmp_path, workers=1)
    with LauncherProcess(settings, LAUNCHER) as launcher:
        probes = readiness.probes_of(world.parts.database, world.parts.artifacts, launcher)
        world.http.app.state.probes = probes  # type: ignore[attr-defined]
        assert launcher.pid is not None
        wait_until(lambda: launcher.silence_seconds < 0.2)
        os.kill(launcher.pid, signal.SIGSTOP)
        wait_until(lambda: world.http.get("/readyz").status_code == 503)
        assert "has not got on" in problem(world, "dispatcher")
        os.kill(launcher.pid, signal.SIGCONT)
        os.kill(launcher.pid, signal.SIGKILL)
        wait_until(lambda: "has ended" in problem(world, "dispatcher"))
        monkeypatch.setattr(readiness, "SILENCE_SECONDS", 60)
        wait_until(lambda: world.http.get("/readyz").status_code == 200)


def problem(world: World, part: str) -> str:
    """What is not well; empty if nothing is."""
    answer = world.http.get("/readyz")
    said: str | None = answer.json()[part]["problem"]
    assert (answer.status_code, answer.json()["ready"]) == (503, False) or said is None
    return said or ""


def test_the_version_is_shown(world: World) -> None:
    assert world.http.get("/version").json()["name"] == "student-search"


def test_the_pages_need_nothing_from_elsewhere(world: World) -> None:
    page = world.http.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/static-offline-docs/{asset}" in page
        assert world.http.get(f"/static-offline-docs/{asset}").status_code == 200


CALLS = {
    ("get", "/livez"),
    ("get", "/metrics"),
    ("get", "/problems/{slug}"),
    ("get", "/readyz"),
    ("get", "/v1/datasets"),
    ("get", "/v1/datasets/{dataset_id}"),
    ("get", "/v1/devices"),
    ("get", "/v1/devices/measure_latency.py"),
    ("get", "/v1/devices/{device}"),
    ("get", "/v1/devices/{device}/students"),
    ("get", "/v1/devices/{device}/tables/{library_id}"),
    ("get", "/v1/webhooks"),
    ("post", "/v1/webhooks"),
    ("get", "/v1/webhooks/{webhook_id}"),
    ("delete", "/v1/webhooks/{webhook_id}"),
    ("get", "/v1/webhooks/{webhook_id}/deliveries"),
    ("get", "/v1/uploads"),
    ("post", "/v1/uploads"),
    ("get", "/v1/uploads/{upload_id}"),
    ("patch", "/v1/uploads/{upload_id}"),
    ("delete", "/v1/uploads/{upload_id}"),
    ("get", "/v1/jobs"),
    ("get", "/v1/jobs/{job_id}"),
    ("get", "/v1/libraries"),
    ("get", "/v1/libraries/{library_id}"),
    ("get", "/v1/libraries/{library_id}/calibration"),
    ("get", "/v1/libraries/{library_id}/candidates"),
    ("get", "/v1/libraries/{library_id}/latency-kit"),
    ("get", "/v1/libraries/{library_id}/neighbourhoods"),
    ("get", "/v1/libraries/{library_id}/omissions"),
    ("get", "/v1/libraries/{library_id}/searches"),
    ("get", "/v1/libraries/{library_id}/surveys"),
    ("get", "/v1/libraries/{library_id}/trade-off-curve"),
    ("get", "/v1/searches/{search_id}"),
    ("get", "/v1/searches/{search_id}/trials"),
    ("get", "/v1/students"),
    ("get", "/v1/students/{student_id}"),
    ("get", "/v1/students/{student_id}/checkpoint"),
    ("get", "/v1/students/{student_id}/refinements"),
    ("get", "/v1/students/{student_id}/refinements/{refinement_id}"),
    ("get", "/v1/students/{student_id}/trials"),
    ("get", "/v1/surveys/{survey_id}"),
    ("get", "/v1/teachers"),
    ("get", "/v1/teachers/{teacher_id}"),
    ("get", "/v1/teachers/{teacher_id}/libraries"),
    ("get", "/v1/teachers/{teacher_id}/neighbourhoods"),
    ("get", "/v1/teachers/{teacher_id}/network"),
    ("get", "/version"),
    ("delete", "/v1/datasets/{dataset_id}"),
    ("delete", "/v1/devices/{device}"),
    ("delete", "/v1/libraries/{library_id}"),
    ("delete", "/v1/searches/{search_id}"),
    ("delete", "/v1/students/{student_id}"),
    ("delete", "/v1/surveys/{survey_id}"),
    ("delete", "/v1/teachers/{teacher_id}"),
    ("delete", "/v1/tokens/{token_id}"),
    ("delete", "/v1/webhooks/{webhook_id}"),
    ("get", "/v1/webhooks"),
    ("get", "/v1/webhooks/{webhook_id}"),
    ("get", "/v1/webhooks/{webhook_id}/deliveries"),
    ("post", "/v1/webhooks"),
    ("get", "/v1/tokens"),
    ("get", "/v1/tokens/{token_id}"),
    ("post", "/v1/tokens"),
    ("post", "/v1/datasets"),
    ("post", "/v1/devices"),
    ("post", "/v1/devices/{device}/students"),
    ("get", "/v1/jobs/{job_id}/events"),
    ("post", "/v1/jobs/{job_id}/cancel"),
    ("post", "/v1/jobs/{job_id}/retry"),
    ("patch", "/v1/jobs/{job_id}"),
    ("post", "/v1/libraries/{library_id}/searches"),
    ("post", "/v1/libraries/{library_id}/surveys"),
    ("post", "/v1/students"),
    ("post", "/v1/students/{student_id}/measurements"),
    ("post", "/v1/students/{student_id}/refinements"),
    ("post", "/v1/teachers"),
    ("post", "/v1/teachers/{teacher_id}/libraries"),
}


def test_openapi_lists_every_call(world: World) -> None:
    paths = world.http.get("/openapi.json").json()["paths"]
    assert {(method, path) for path, calls in paths.items() for method in calls} == CALLS


def test_every_call_says_what_it_does_and_how_it_fails(world: World) -> None:
    paths = world.http.get("/openapi.json").json()["paths"]
    for call in (call for calls in paths.values() for call in calls.values()):
        assert call["summary"]
        assert call["description"]
        assert {"422", "500"} <= call["responses"].keys()


def test_every_refusal_has_an_example(world: World) -> None:
    described = world.http.get("/openapi.json").json()
    for status, response in described["components"]["responses"].items():
        example = response["content"]["application/problem+json"]["example"]
        assert example["status"] == int(status)


def test_every_body_has_an_example(world: World) -> None:
    described = world.http.get("/openapi.json").json()
    calls = [call for calls in described["paths"].values() for call in calls.values()]
    bodies = [call["requestBody"]["content"] for call in calls if "requestBody" in call]
    assert len(bodies) > 10
    for media_type, body in (pair for content in bodies for pair in content.items()):
        name = body["schema"].get("$ref", "").rpartition("/")[2]
        schema = described["components"]["schemas"].get(name, {})
        assert {"example", "examples"} & (body.keys() | schema.keys()), (media_type, body)


def test_the_same_app_serves_one_start_after_the_other(api_settings: Settings) -> None:
    for _ in range(2):
        with TestClient(create_app(api_settings)) as http:
            assert http.get("/readyz").status_code == 200
