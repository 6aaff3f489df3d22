import pytest

from tests.service.api.world import World


@pytest.mark.parametrize("path", ["/livez", "/v1/jobs", "/v1/nothing", "/docs", "/openapi.json"])
def test_every_answer_has_an_id_of_its_own(world: World, path: str) -> None:
    ids = {world.http.get(path).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(each.startswith("request_") for each in ids)


def test_an_id_that_is_sent_along_is_kept(world: World) -> None:
    headers = {"x-request-id": "4bf92f35-77b3:4da6/a3ce"}
    answer = world.http.get("/v1/teachers/teacher_1", headers=headers)
    assert answer.headers["x-request-id"] == headers["x-request-id"]
    assert answer.json()["request_id"] == headers["x-request-id"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "<script>", 'say "hello"'])
def test_an_id_that_could_be_mistaken_in_a_log_is_replaced(world: World, given: str) -> None:
    answer = world.http.get("/livez", headers={"x-request-id": given})
    assert answer.headers["x-request-id"].startswith("request_")


def test_refusals_at_the_door_have_one_too(world: World) -> None:
    answer = world.http.get("/v1/jobs", headers={"authorization": "Bearer nothing"})
    assert answer.status_code == 401
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
