from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from service.app import create_app
from service.repositories import tokens
from service.settings import Settings
from service.tables import TokenRow
from tests.service import opened
from tests.service.api.world import World

REALM = 'Bearer realm="student-search"'


def test_without_any_token_the_machine_itself_needs_none(world: World) -> None:
    assert world.http.get("/v1/teachers").status_code == 200


def test_a_token_shown_to_a_service_without_any_is_answered_with_the_way_out(world: World) -> None:
    for given in ("Bearer token_1.secret", "Basic secret"):
        answer = world.http.get("/v1/teachers", headers={"authorization": given})
        assert answer.status_code == 401
        assert "needs none: unset STUDENT_SEARCH_TOKEN" in answer.json()["detail"]
        assert "create" not in answer.json()["detail"]


def test_from_the_first_token_on_every_call_needs_one(world: World) -> None:
    mine = opened.headers(world.parts.database)
    answer = world.http.get("/v1/teachers")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-missing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == REALM
    assert "STUDENT_SEARCH_TOKEN" in answer.json()["detail"]
    assert world.http.get("/v1/teachers", headers=mine).status_code == 200


def test_what_tells_whether_the_service_runs_stays_open(world: World) -> None:
    opened.token(world.parts.database)
    for path in ("/livez", "/readyz", "/version", "/docs", "/openapi.json", "/problems/not-found"):
        assert world.http.get(path).status_code == 200, path
    for path in ("/metrics", "/v1/nothing", "/nothing", "/livez/x"):
        assert world.http.get(path).status_code == 401, path


def test_a_wrong_token_is_refused_whatever_is_wrong_with_it(world: World) -> None:
    record, credential = opened.token(world.parts.database)
    for wrong in (
        f"Bearer {record.id}.{credential.secret[:-1]}",
        f"Bearer {record.id}",
        f"Bearer token_{28 * '0'}.{credential.secret}",
        f"Bearer {credential.digest}",
        "Bearer ",
        "Bearer .",
        f"Basic {credential}",
        f"{credential}",
    ):
        answer = world.http.get("/v1/teachers", headers={"authorization": wrong})
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-refused")
        assert answer.headers["www-authenticate"] == f'{REALM}, error="invalid_token"'
        assert credential.secret not in answer.text


def test_a_revoked_token_opens_nothing_from_the_next_call_on(world: World) -> None:
    record, credential = opened.token(world.parts.database)
    mine = opened.header(credential)
    assert world.http.get("/v1/jobs", headers=mine).status_code == 200
    with world.parts.database.writing() as session:
        tokens.revoke(session, record.id)
    answer = world.http.get("/v1/jobs", headers=mine)
    assert answer.status_code == 401
    assert "was revoked" in answer.json()["detail"]


def test_an_expired_token_opens_nothing(world: World) -> None:
    record, credential = opened.token(world.parts.database)
    with world.parts.database.writing() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(TokenRow).where(TokenRow.id == record.id).values(expires_at=past))
    answer = world.http.get("/v1/jobs", headers=opened.header(credential))
    assert answer.status_code == 401
    assert "has expired" in answer.json()["detail"]


def test_a_token_that_only_reads_posts_nothing(world: World) -> None:
    mine = opened.headers(world.parts.database, scope="read")
    assert world.http.get("/v1/students", headers=mine).status_code == 200
    answer = world.http.post("/v1/students", json={"library": "x"}, headers=mine)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-too-small")
    assert 'error="insufficient_scope", scope="write"' in answer.headers["www-authenticate"]


def test_the_last_use_of_a_token_is_kept(world: World) -> None:
    record, credential = opened.token(world.parts.database)
    assert record.last_used_at is None
    world.http.get("/v1/jobs", headers=opened.header(credential))
    with world.parts.database.reading() as session:
        used = tokens.get(session, record.id).last_used_at
    assert used is not None
    assert datetime.now(UTC) - used < timedelta(minutes=2)


def test_only_a_digest_of_the_secret_is_kept(world: World) -> None:
    _, credential = opened.token(world.parts.database)
    for file in world.parts.settings.data_dir.iterdir():
        if file.is_file():
            assert credential.secret.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8000"},
        {"host": "192.0.2.1:8000"},
        {"host": "127.0.0.1:8000", "origin": "https://evil.example"},
        {"host": "127.0.0.1:8000", "origin": "null"},
    ],
)
def test_without_tokens_no_foreign_page_calls_by_way_of_a_browser(
    world: World, headers: dict[str, str]
) -> None:
    answer = world.http.get("/v1/teachers", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-origin")
    mine = opened.headers(world.parts.database)
    assert world.http.get("/v1/teachers", headers=headers | mine).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "localhost", "me.localhost:80"])
def test_without_tokens_the_machine_itself_may_call_by_all_its_names(
    world: World, host: str
) -> None:
    headers = {"host": host, "origin": f"http://{host}"}
    assert world.http.get("/v1/teachers", headers=headers).status_code == 200


def test_without_tokens_another_machine_is_refused(world: World) -> None:
    with TestClient(world.http.app, client=("192.0.2.7", 4711)) as http:
        assert http.get("/v1/teachers").status_code == 403


def test_a_body_is_not_read_before_its_sender_is_known(world: World) -> None:
    opened.token(world.parts.database)
    read = []

    def pieces() -> object:
        read.append(1)
        yield b"x"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = world.http.post("/v1/teachers", content=pieces(), headers=headers)
    assert answer.status_code == 401


def test_who_calls_too_often_is_told_when_to_go_on(api_settings: Settings) -> None:
    settings = api_settings.model_copy(update={"requests_per_minute": 3})
    with TestClient(create_app(settings)) as http:
        answers = [http.get("/v1/jobs") for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert answers[0].headers["ratelimit"].startswith('"requests";r=2;t=')
        last = answers[-1]
        assert last.json()["type"] == "/problems/too-many-requests"
        assert 1 <= int(last.headers["retry-after"]) <= 60
        assert http.get("/livez").status_code == 200


def test_tokens_are_limited_each_for_itself(api_settings: Settings) -> None:
    settings = api_settings.model_copy(update={"requests_per_minute": 1})
    app = create_app(settings)
    with TestClient(app) as http:
        one, other = (opened.headers(app.state.parts.database) for _ in range(2))
        assert http.get("/v1/jobs", headers=one).status_code == 200
        assert http.get("/v1/jobs", headers=one).status_code == 429
        assert http.get("/v1/jobs", headers=other).status_code == 200


def test_who_tries_tokens_in_vain_is_stopped(api_settings: Settings) -> None:
    settings = api_settings.model_copy(update={"refusals_per_minute": 2})
    app = create_app(settings)
    with TestClient(app) as http:
        mine = opened.headers(app.state.parts.database)
        tried = [http.get("/v1/jobs", headers={"authorization": "Bearer x"}) for _ in range(3)]
        assert [each.status_code for each in tried] == [401, 401, 429]
        assert http.get("/v1/jobs", headers=mine).status_code == 200


def test_a_database_out_of_reach_opens_nothing(world: World) -> None:
    database = world.parts.settings.data_dir / "student-search.db"
    world.parts.database.close()
    database.unlink()
    database.mkdir()
    assert world.http.get("/v1/jobs").status_code == 503
