import pytest

from tests.service import opened
from tests.service.api.world import World


@pytest.fixture
def admin(world: World) -> dict[str, str]:
    return opened.headers(world.parts.database, scope="admin")


def test_the_first_token_is_not_made_by_a_call(world: World) -> None:
    answer = world.http.post("/v1/tokens", json={"name": "ci"})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-too-small")
    assert "student-search token create --scope admin" in answer.json()["detail"]


def test_a_token_is_shown_once_and_opens_what_it_should(
    world: World, admin: dict[str, str]
) -> None:
    answer = world.http.post("/v1/tokens", json={"name": "ci", "scope": "read"}, headers=admin)
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/tokens/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    mine = {"authorization": f"Bearer {made['credential']}"}
    assert world.http.get("/v1/teachers", headers=mine).status_code == 200
    shown = world.http.get(f"/v1/tokens/{made['id']}", headers=admin).json()
    del made["credential"], made["last_used_at"], shown["last_used_at"]
    assert shown == made


def test_who_may_write_may_not_see_tokens(world: World) -> None:
    mine = opened.headers(world.parts.database, scope="write")
    for answer in (
        world.http.get("/v1/tokens", headers=mine),
        world.http.post("/v1/tokens", json={"name": "more", "scope": "admin"}, headers=mine),
    ):
        assert answer.status_code == 403


def test_a_revoked_token_is_still_listed(world: World, admin: dict[str, str]) -> None:
    made = world.http.post("/v1/tokens", json={"name": "ci"}, headers=admin).json()
    path = f"/v1/tokens/{made['id']}"
    assert world.http.delete(path, headers=admin).status_code == 204
    mine = {"authorization": f"Bearer {made['credential']}"}
    assert world.http.get("/v1/teachers", headers=mine).status_code == 401
    newest = world.http.get("/v1/tokens", headers=admin).json()["items"][0]
    assert (newest["id"], newest["revoked_at"] is None) == (made["id"], False)


def test_a_token_may_be_made_for_ever_or_for_some_days(world: World, admin: dict[str, str]) -> None:
    for days, is_known in ((None, False), (7, True)):
        body = {"name": "ci", "expires_in_days": days}
        made = world.http.post("/v1/tokens", json=body, headers=admin).json()
        assert (made["expires_at"] is not None) == is_known
    refused = world.http.post("/v1/tokens", json={**body, "expires_in_days": 0}, headers=admin)
    assert refused.status_code == 422


def test_an_admin_sees_and_revokes_no_token_of_another_owner(
    world: World, admin: dict[str, str]
) -> None:
    record, _ = opened.token(world.parts.database, owner="bob")
    assert len(world.http.get("/v1/tokens", headers=admin).json()["items"]) == 1
    assert world.http.get(f"/v1/tokens/{record.id}", headers=admin).status_code == 404
    assert world.http.delete(f"/v1/tokens/{record.id}", headers=admin).status_code == 404
