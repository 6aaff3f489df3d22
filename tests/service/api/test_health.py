from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.service.api.world import World


def test_the_service_is_alive_and_ready(world: World) -> None:
    assert world.http.get("/livez").json() == {"alive": True}
    readiness = world.http.get("/readyz")
    assert readiness.status_code == 200
    assert readiness.json() == {"ready": True, "database": True, "workers": True}


def test_it_is_not_ready_without_its_database(world: World, api_settings: Settings) -> None:
    (api_settings.data_dir / "student-search.db").unlink()
    (api_settings.data_dir / "student-search.db").mkdir()
    world.parts.database.close()
    answer = world.http.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, False)


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
    ("get", "/problems/{slug}"),
    ("get", "/readyz"),
    ("get", "/v1/datasets"),
    ("get", "/v1/datasets/{dataset_id}"),
    ("get", "/v1/devices"),
    ("get", "/v1/devices/measure_latency.py"),
    ("get", "/v1/devices/{device}"),
    ("get", "/v1/devices/{device}/students"),
    ("get", "/v1/devices/{device}/tables/{library_id}"),
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
    ("delete", "/v1/students/{student_id}"),
    ("delete", "/v1/teachers/{teacher_id}"),
    ("post", "/v1/datasets"),
    ("post", "/v1/devices"),
    ("post", "/v1/devices/{device}/students"),
    ("post", "/v1/jobs/{job_id}/cancel"),
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
        assert "application/problem+json" in call["responses"]["4XX"]["content"]


def test_the_same_app_serves_one_start_after_the_other(api_settings: Settings) -> None:
    for _ in range(2):
        with TestClient(create_app(api_settings)) as http:
            assert http.get("/readyz").status_code == 200
