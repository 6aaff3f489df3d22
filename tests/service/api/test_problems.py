import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.web.pages import FILES
from tests.service.api.world import World


def test_an_unknown_path_is_a_problem(world: World) -> None:
    answer = world.http.get("/v1/nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "request_id": answer.headers["x-request-id"],
        "type": "/problems/not-found",
        "title": "There is nothing at this path",
        "status": 404,
        "detail": "There is nothing at /v1/nothing. The pages at /docs list every path.",
        "instance": "/v1/nothing",
    }


def test_a_browser_that_went_astray_is_given_a_page(world: World) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = world.http.get("/nope", headers=browser)
    assert (answer.status_code, answer.text) == (404, (FILES / "index.html").read_text())
    for path, headers in (("/nope", {}), ("/v1/nope", browser), ("/assets/nope", browser)):
        answer = world.http.get(path, headers=headers)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_a_problem_and_names_the_right_ones(world: World) -> None:
    answer = world.http.put("/v1/jobs")
    assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
    assert answer.headers["allow"] == "GET"


def test_a_wrong_method_names_those_of_all_routes_at_the_path(world: World) -> None:
    assert world.http.put("/v1/teachers").headers["allow"] == "GET, POST"
    assert world.http.put("/v1/jobs/job_1").headers["allow"] == "GET, PATCH"
    assert world.http.post("/v1/students/x/checkpoint").headers["allow"] == "GET, HEAD"


def test_what_is_wrong_in_a_body_is_pointed_at(world: World) -> None:
    body = {"library": 1, "budget": {"parameters": "many", "a/b": 1}}
    errors = world.http.post("/v1/students", json=body).json()["errors"]
    pointers = {each["pointer"] for each in errors}
    assert {"#/library", "#/budget/parameters", "#/budget/a~1b"} <= pointers
    errors = world.http.post("/v1/students", json={}).json()["errors"]
    assert {each["pointer"] for each in errors} == {"#/library", "#/budget"}
    (error,) = world.http.get("/v1/jobs", params={"limit": 0}).json()["errors"]
    assert "pointer" not in error


def test_a_json_body_of_another_type_is_refused(world: World) -> None:
    answer = world.http.post("/v1/students", data={"library": "x"})
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")


def test_broken_json_is_said_to_be_broken(world: World) -> None:
    headers = {"content-type": "application/json"}
    answer = world.http.post("/v1/students", content=b'{"library": ', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("body: this is not valid JSON")


def test_a_broken_form_is_a_problem(world: World) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = world.http.post("/v1/teachers", content=b"--y", headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_query_out_of_range_names_itself(world: World) -> None:
    answer = world.http.get("/v1/jobs", params={"limit": 501})
    assert answer.json()["detail"] == "query.limit: Input should be less than or equal to 500."


def test_what_was_sent_is_never_sent_back(world: World) -> None:
    wish = {"library": ["secret"], "budget": {"parameters": "secret"}, "secret": "secret"}
    answer = world.http.post("/v1/students", json={**wish, "secret_key": "secret"})
    assert answer.status_code == 422
    assert all("secret" not in str(each["message"]) for each in answer.json()["errors"])
    assert '"secret"' not in answer.text


def test_an_unexpected_error_is_a_problem_without_its_inside(api_settings: Settings) -> None:
    app = create_app(api_settings)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("a secret")

    with TestClient(app, raise_server_exceptions=False) as http:
        answer = http.get("/broken", headers={"x-request-id": "mine"})
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert "secret" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_database_that_is_out_of_reach_is_said_to_be(world: World) -> None:
    path = world.parts.settings.data_dir / "student-search.db"
    world.parts.database.close()
    path.unlink()
    path.mkdir()
    answer = world.http.get("/v1/jobs")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/database-unavailable")
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize("slug", ["infeasible-budget", "not-found", "worker-died"])
def test_every_type_explains_itself(world: World, slug: str) -> None:
    assert world.http.get(f"/problems/{slug}").json()["slug"] == slug


def test_a_type_that_does_not_exist_does_not(world: World) -> None:
    assert world.http.get("/problems/boredom").status_code == 404


def test_a_parameter_that_does_not_exist_is_refused_with_advice(world: World) -> None:
    answer = world.http.get("/v1/jobs", params={"stat": "failed"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(
        "query.stat: there is no such parameter; did you mean state? this resource takes cursor, "
    )
    answer = world.http.delete("/v1/jobs/job_1?force=yes")
    assert answer.status_code == 405
    answer = world.http.get("/v1/teachers/teacher_1?deep=yes")
    assert answer.json()["detail"].endswith("this resource takes none.")
