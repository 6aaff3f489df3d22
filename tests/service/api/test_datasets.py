from pathlib import Path

from tests.service.api.world import World


def test_an_archive_is_kept_and_a_job_begins(world: World) -> None:
    answer = world.post_dataset()
    body = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/datasets/{body['id']}"
    assert body["state"] == "pending"
    assert world.http.get(f"/v1/jobs/{body['job']}").json()["resource"] == body["id"]


def test_the_same_archive_again_makes_nothing_and_says_so(world: World) -> None:
    first, second = world.post_dataset(), world.post_dataset()
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    assert "posted before" in second.json()["note"]
    assert len(world.http.get("/v1/jobs").json()["items"]) == 1


def test_a_failed_data_set_shows_its_problem_and_may_be_posted_again(world: World) -> None:
    first = world.post_dataset().json()
    world.fail("InvalidDataset", "There are no class folders.")
    shown = world.http.get(f"/v1/datasets/{first['id']}").json()
    assert shown["state"] == "failed"
    assert shown["error"]["type"] == "/problems/invalid-dataset"
    assert shown["error"]["detail"] == "There are no class folders."
    again = world.post_dataset()
    assert (again.status_code, again.json()["id"]) == (202, first["id"])
    assert again.json()["job"] != first["job"]


def test_a_ready_data_set_shows_what_was_found(world: World) -> None:
    shown = world.http.get(f"/v1/datasets/{world.ready_dataset()}").json()
    assert shown["state"] == "ready"
    assert shown["contents"]["classes"] == ["cat", "dog"]


def test_a_folder_below_a_data_root_may_be_named(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "allowed" / "pets"
    folder.mkdir(parents=True)
    body = {"name": "pets", "uri": folder.as_uri()}
    answer = world.http.post("/v1/datasets", json=body)
    assert (answer.status_code, answer.json()["source_uri"]) == (202, folder.as_uri())
    assert world.http.post("/v1/datasets", json=body).status_code == 200
    (folder / "cat.png").write_bytes(b"new")
    assert world.http.post("/v1/datasets", json=body).status_code == 202


def test_a_folder_elsewhere_may_not(world: World, tmp_path: Path) -> None:
    (tmp_path / "allowed").mkdir()
    (tmp_path / "allowed" / "link").symlink_to(tmp_path)
    for uri in ("file:///etc", (tmp_path / "allowed" / "link").as_uri(), "https://example.org/x"):
        answer = world.http.post("/v1/datasets", json={"name": "pets", "uri": uri})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/source-not-allowed")


def test_a_form_without_its_file_names_the_field(world: World) -> None:
    answer = world.http.post("/v1/datasets", data={"name": "x"}, files={"wrong": b""})
    assert answer.status_code == 422
    missing, unknown = answer.json()["errors"]
    assert (missing["where"], missing["code"]) == ("body.archive", "missing")
    assert (unknown["where"], unknown["code"]) == ("body.wrong", "extra_forbidden")


def test_a_text_in_place_of_the_file_is_told(world: World) -> None:
    answer = world.http.post("/v1/datasets", files={"name": (None, "x"), "archive": (None, "x")})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, "#/archive")


def test_other_content_types_are_refused_with_advice(world: World) -> None:
    answer = world.http.post("/v1/datasets", content="x", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert "'text/plain'" in answer.json()["detail"]
    assert "curl" in answer.json()["detail"]


def test_a_deleted_data_set_is_unknown(world: World) -> None:
    dataset = world.ready_dataset()
    assert world.http.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert world.http.get(f"/v1/datasets/{dataset}").status_code == 404


def test_lists_go_on_where_their_cursor_says(world: World) -> None:
    ids = [world.post_dataset(str(number).encode()).json()["id"] for number in range(3)]
    first = world.http.get("/v1/datasets", params={"limit": 2}).json()
    rest = world.http.get("/v1/datasets", params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None
