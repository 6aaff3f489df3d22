from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from service.api.routes import Route
from service.app import create_app
from service.database import Session
from service.repositories import replies, teachers
from service.repositories.replies import SILENT_SECONDS, Asked
from service.settings import Settings
from service.tables import DEFAULT_OWNER, ReplyRow, TokenRow
from tests.service import opened
from tests.service.api.world import World
from tests.service.builders import new_teacher

KEY = {"idempotency-key": "8e03978e"}


def test_every_post_takes_a_key(world: World) -> None:
    paths = world.http.get("/openapi.json").json()["paths"]
    posts = [call["post"] for call in paths.values() if "post" in call]
    assert len(posts) > 10
    for post in posts:
        assert "idempotency-key" in {each["name"] for each in post["parameters"]}


def test_the_same_again_is_answered_as_the_first_time(world: World) -> None:
    library = world.ready_library()
    wish = {"library": library, "budget": {"parameters": 200}}
    first = world.http.post("/v1/students", json=wish, headers=KEY)
    second = world.http.post("/v1/students", json=wish, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    for name in ("location", "content-type"):
        assert second.headers[name] == first.headers[name]
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    without = world.http.post("/v1/students", json=wish)
    assert without.status_code == 200


def test_a_form_is_the_same_though_its_boundary_is_another(world: World) -> None:
    answers = [
        world.http.post(
            "/v1/datasets", data={"name": "pets"}, files={"archive": b"images"}, headers=KEY
        )
        for _ in range(2)
    ]
    assert answers[0].request.headers["content-type"] != answers[1].request.headers["content-type"]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    other = world.http.post(
        "/v1/datasets", data={"name": "pets"}, files={"archive": b"others"}, headers=KEY
    )
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


@pytest.mark.parametrize("changed", [{"json": {"scope": "read"}}, {"path": "/v1/students"}])
def test_another_request_with_the_same_key_is_refused(
    world: World, changed: dict[str, object]
) -> None:
    call = {"path": "/v1/datasets", "json": {"name": "x", "uri": "file:///nowhere"}}
    folder = world.parts.settings.data_roots[0]
    folder.mkdir()
    call["json"] = {"name": "x", "uri": folder.as_uri()}
    first = world.http.post(call["path"], json=call["json"], headers=KEY)
    assert first.status_code == 202
    call |= changed
    answer = world.http.post(call["path"], json=call["json"], headers=KEY)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")


def test_a_refused_request_leaves_its_key_free(world: World) -> None:
    library = world.ready_library()
    wish = {"library": library, "budget": {"parameters": 1}}
    assert world.http.post("/v1/students", json=wish, headers=KEY).status_code == 422
    wish["budget"] = {"parameters": 200}
    assert world.http.post("/v1/students", json=wish, headers=KEY).status_code == 201


def test_a_request_that_fails_in_its_transaction_leaves_its_key_free_at_once(
    world: World,
) -> None:
    for _ in range(2):
        answer = world.http.post("/v1/jobs/job_1/cancel", headers=KEY)
        assert answer.status_code == 404
    with world.parts.database.reading() as session:
        assert session.scalars(select(ReplyRow)).all() == []


@pytest.mark.parametrize("given", ["", "x" * 256])
def test_a_key_of_a_strange_length_is_refused(world: World, given: str) -> None:
    answer = world.http.post("/v1/students", json={}, headers={"idempotency-key": given})
    assert answer.status_code == 422
    assert "idempotency-key" in {each["where"].split(".")[-1] for each in answer.json()["errors"]}


def test_a_request_that_runs_is_not_made_a_second_time(api_settings: Settings) -> None:
    begun, go_on = Event(), Event()
    router = APIRouter(route_class=Route)

    @router.post("/slow")
    def slow() -> str:
        begun.set()
        go_on.wait(60)
        return "done"

    app = create_app(api_settings)
    app.include_router(router)
    with TestClient(app) as http, ThreadPoolExecutor() as pool:
        first = pool.submit(http.post, "/slow", headers=KEY)
        assert begun.wait(60)
        second = http.post("/slow", headers=KEY)
        go_on.set()
        assert (second.status_code, second.json()["type"]) == (409, "/problems/request-running")
        assert second.headers["retry-after"] == str(SILENT_SECONDS)
        assert first.result().json() == "done"
        assert http.post("/slow", headers=KEY).headers["idempotency-replayed"] == "true"


def test_a_secret_is_not_kept_and_its_token_not_made_twice(world: World) -> None:
    headers = opened.headers(world.parts.database, "alice", "admin") | KEY
    first = world.http.post("/v1/tokens", json={"name": "ci"}, headers=headers)
    second = world.http.post("/v1/tokens", json={"name": "ci"}, headers=headers)
    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["type"] == "/problems/answer-not-kept"
    assert second.json()["location"] == first.headers["location"]
    with world.parts.database.reading() as session:
        assert len(session.scalars(select(TokenRow)).all()) == 2
        (row,) = session.scalars(select(ReplyRow)).all()
        assert row.body is None


def test_each_owner_has_keys_of_its_own(world: World) -> None:
    answers = []
    for owner in ("alice", "bob"):
        headers = opened.headers(world.parts.database, owner) | KEY
        files = {"archive": owner.encode()}
        answers.append(
            world.http.post("/v1/datasets", data={"name": "x"}, files=files, headers=headers)
        )
    assert [answer.status_code for answer in answers] == [202, 202]


@pytest.fixture
def dying(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A server that dies whenever it has an answer to keep: nothing is written any more."""

    def die(*_: object) -> None:
        raise SystemError("killed")

    monkeypatch.setattr(replies, "keep", die)
    monkeypatch.setattr(replies, "release", die)
    return world


def test_what_is_made_in_one_transaction_is_made_with_its_answer_or_not_at_all(
    dying: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = TestClient(dying.http.app, raise_server_exceptions=False)
    form = {"data": {"name": "x"}, "files": {"archive": b"images"}, "headers": KEY}
    assert http.post("/v1/datasets", **form).status_code == 500
    assert http.get("/v1/datasets").json()["items"] == []
    assert http.get("/v1/jobs").json()["items"] == []
    monkeypatch.undo()
    assert http.post("/v1/datasets", **form).status_code == 409
    silence(dying)
    assert http.post("/v1/datasets", **form).status_code == 202
    assert len(http.get("/v1/jobs").json()["items"]) == 1


def test_a_student_that_was_made_before_the_server_died_is_found_again(
    dying: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = TestClient(dying.http.app, raise_server_exceptions=False)
    wish = {"library": dying.ready_library(), "budget": {"parameters": 200}}
    assert http.post("/v1/students", json=wish, headers=KEY).status_code == 500
    monkeypatch.undo()
    silence(dying)
    answer = http.post("/v1/students", json=wish, headers=KEY)
    assert answer.status_code == 200
    assert [each["id"] for each in http.get("/v1/students").json()["items"]] == [
        answer.json()["id"]
    ]


def test_who_was_thought_dead_cannot_commit_any_more(world: World) -> None:
    database = world.parts.database
    asked = Asked(key="k", fingerprint="f")
    day = timedelta(days=1)
    with database.writing() as session:
        slow = replies.begin(session, asked, day)
    silence(world)
    with database.writing() as session:
        quick = replies.begin(session, asked, day)
    assert isinstance(slow, replies.Running)
    assert isinstance(quick, replies.Running)
    ending = database.of(DEFAULT_OWNER, lambda session: replies.hold(session, slow))
    with pytest.raises(replies.RequestRunning), ending.writing() as session:
        _post_teacher(session)
    assert world.http.get("/v1/teachers").json()["items"] == []


def test_answers_are_forgotten_after_a_while(world: World) -> None:
    world.http.post("/v1/datasets", data={"name": "x"}, files={"archive": b"i"}, headers=KEY)
    with world.parts.database.writing() as session:
        old = datetime.now(UTC) - timedelta(hours=25)
        session.execute(update(ReplyRow).values(created_at=old))
    again = world.http.post(
        "/v1/datasets", data={"name": "y"}, files={"archive": b"j"}, headers=KEY
    )
    assert again.status_code == 202
    with world.parts.database.writing() as session:
        replies.forget(session, timedelta(0))
        assert session.scalars(select(ReplyRow)).all() == []


def silence(world: World) -> None:
    """As if no request had shown that it is alive for long enough."""
    with world.parts.database.writing() as session:
        long_ago = datetime.now(UTC) - timedelta(seconds=SILENT_SECONDS + 1)
        session.execute(update(ReplyRow).values(alive_at=long_ago))


def _post_teacher(session: Session) -> None:
    assert teachers.post(session, new_teacher()).made
