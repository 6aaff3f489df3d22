from collections.abc import Iterator

from tests.service.api.world import World

LIMIT, JSON_LIMIT = 2**20, 2**18


def test_an_upload_over_the_limit_is_refused(world: World) -> None:
    answer = world.post_dataset(b"x" * (LIMIT + 1))
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/upload-too-large")
    assert str(LIMIT) in answer.json()["detail"]


def test_a_body_that_is_held_in_memory_has_a_limit_of_its_own(world: World) -> None:
    answer = world.http.post("/v1/students", json={"library": "x" * (JSON_LIMIT + 1)})
    assert (answer.status_code, answer.json()["max_bytes"]) == (413, JSON_LIMIT)
    assert "max_json_bytes" in answer.json()["detail"]
    answer = world.http.post("/v1/students/s/measurements", content=b"x" * (JSON_LIMIT + 1))
    assert answer.status_code == 404  # nobody reads it


def test_a_body_of_unknown_length_is_stopped_at_the_limit(world: World) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * (LIMIT // 32)

    for path, media_type in {
        "/v1/datasets": "multipart/form-data; boundary=x",
        "/v1/teachers": "multipart/form-data; boundary=x",
        "/v1/students": "application/json",
    }.items():
        answer = world.http.post(path, content=pieces(), headers={"content-type": media_type})
        assert answer.status_code == 413, answer.text


def test_nothing_is_left_of_a_refused_upload(world: World) -> None:
    world.post_dataset(b"x" * (LIMIT + 1))
    root = world.parts.settings.artifacts_dir
    assert [path for path in root.rglob("*") if path.is_file()] == []
