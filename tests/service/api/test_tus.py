import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from service.tables import UploadRow
from service.tidying import Tidying
from tests.service import networks, opened
from tests.service.api.world import World

LIMIT = 2**20
STREAM = {"content-type": "application/offset+octet-stream", "tus-resumable": "1.0.0"}


def begin(world: World, length: int, **headers: str) -> str:
    """The URL of a new upload."""
    answer = world.http.post("/v1/uploads", headers={"upload-length": str(length), **headers})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def send(world: World, url: str, offset: int, data: Any, **headers: str) -> httpx2.Response:
    headers = {**STREAM, "upload-offset": str(offset), **headers}
    return world.http.patch(url, content=data, headers=headers)


def whole(world: World, data: bytes) -> str:
    """The id of a complete upload."""
    url = begin(world, len(data))
    assert send(world, url, 0, data).status_code == 204
    return url.rpartition("/")[2]


def test_a_file_arrives_in_pieces(world: World) -> None:
    facts = base64.b64encode("nët.pth".encode()).decode()
    url = begin(world, 10, **{"upload-metadata": f"filename {facts},is_new"})
    first = send(world, url, 0, b"0123")
    assert (first.status_code, first.headers["upload-offset"]) == (204, "4")
    asked = world.http.head(url)
    assert asked.status_code == 200
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == ("4", "10")
    assert asked.headers["upload-metadata"] == f"filename {facts},is_new"
    assert asked.headers["cache-control"] == "no-store"
    expires = parsedate_to_datetime(asked.headers["upload-expires"])
    assert timedelta(hours=23) < expires - datetime.now(UTC) < timedelta(hours=25)
    assert send(world, url, 4, b"456789").headers["upload-offset"] == "10"
    shown = world.http.get(url).json()
    assert (shown["complete"], shown["offset"]) == (True, 10)
    assert shown["metadata"] == {"filename": "nët.pth", "is_new": ""}
    assert [each["id"] for each in world.http.get("/v1/uploads").json()["items"]] == [shown["id"]]


def test_every_answer_tells_the_version_of_the_protocol(world: World) -> None:
    url = begin(world, 10)
    for answer in (
        world.http.head(url),
        send(world, url, 3, b""),
        world.http.get("/v1/uploads/upload_1"),
        world.http.put(url),
        world.http.options("/v1/uploads"),
    ):
        assert answer.headers["tus-resumable"] == "1.0.0"


def test_the_service_says_what_it_can(world: World) -> None:
    for path in ("/v1/uploads", begin(world, 1)):
        answer = world.http.options(path, headers={"tus-resumable": "0.2.2"})
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-extension"] == "creation,expiration,termination,checksum"
        assert answer.headers["tus-max-size"] == str(LIMIT)
        assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"


def test_another_version_is_refused(world: World) -> None:
    url = begin(world, 10)
    answer = send(world, url, 0, b"01", **{"tus-resumable": "0.2.2"})
    assert (answer.status_code, answer.json()["type"]) == (412, "/problems/protocol-version")
    assert answer.headers["tus-version"] == "1.0.0"
    assert world.http.get(url).json()["offset"] == 0


@pytest.mark.parametrize(
    ("offset", "data", "headers", "status", "slug"),
    [
        (3, b"01", {}, 409, "offset-differs"),
        (0, b"0123456789!", {}, 413, "upload-full"),
        (0, b"01", {"content-type": "application/octet-stream"}, 415, "unsupported-media-type"),
        (0, b"01", {"upload-offset": "-1"}, 422, "invalid-request"),
        (0, b"01", {"upload-checksum": "md5 AAAA"}, 400, "invalid-checksum"),
        (0, b"01", {"upload-checksum": "sha1 " + 27 * "A" + "="}, 460, "checksum-differs"),
    ],
)
def test_a_wrong_piece_leaves_the_upload_as_it_is(
    world: World, offset: int, data: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    url = begin(world, 10)
    answer = send(world, url, offset, data, **headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert world.http.get(url).json()["offset"] == 0
    assert send(world, url, 0, b"0123456789").status_code == 204


def test_a_piece_of_unknown_length_is_stopped_where_the_upload_ends(world: World) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(4):
            yield b"0123"

    url = begin(world, 10)
    assert send(world, url, 0, pieces()).status_code == 413


def test_a_piece_with_its_checksum_is_taken(world: World) -> None:
    digest = base64.b64encode(hashlib.sha256(b"0123").digest()).decode()
    answer = send(world, begin(world, 10), 0, b"0123", **{"upload-checksum": f"sha256 {digest}"})
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "4")


@pytest.mark.parametrize("metadata", ["filename ?", "a YQ==,a YQ==", "a //8=", "a YQ== YQ=="])
def test_metadata_that_nobody_can_read_is_refused(world: World, metadata: str) -> None:
    headers = {"upload-length": "1", "upload-metadata": metadata}
    answer = world.http.post("/v1/uploads", headers=headers)
    assert answer.status_code == 422, answer.text


def test_the_length_has_to_be_said_and_has_a_limit(world: World) -> None:
    assert world.http.post("/v1/uploads").status_code == 422
    headers = {"upload-length": str(LIMIT + 1)}
    answer = world.http.post("/v1/uploads", headers=headers)
    assert (answer.status_code, answer.json()["max_bytes"]) == (413, LIMIT)


def test_a_deleted_upload_is_gone(world: World) -> None:
    url = begin(world, 10)
    send(world, url, 0, b"0123")
    assert world.http.delete(url).status_code == 204
    for answer in (world.http.get(url), world.http.head(url), send(world, url, 4, b"4")):
        assert answer.status_code == 404
    assert list(world.parts.settings.uploads_dir.iterdir()) == []


def test_a_post_may_stand_for_other_methods(world: World) -> None:
    url = begin(world, 10)
    headers = {**STREAM, "upload-offset": "0", "x-http-method-override": "PATCH"}
    answer = world.http.post(url, content=b"0123", headers=headers)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "4")
    headers = {"x-http-method-override": "DELETE"}
    assert world.http.post(url, headers=headers).status_code == 204
    assert world.http.post("/v1/jobs/job_1", headers=headers).status_code == 405


def test_an_upload_to_which_nothing_is_added_is_forgotten(world: World) -> None:
    kept, old = begin(world, 10), begin(world, 10)
    for url in (kept, old):
        send(world, url, 0, b"0123")
    with world.parts.database.writing() as session:
        mine = update(UploadRow).where(UploadRow.id == old.rpartition("/")[2])
        session.execute(mine.values(expires_at=datetime.now(UTC)))
    assert world.http.get(old).status_code == 404
    tidying = Tidying(world.parts.database, world.parts.uploads, world.parts.settings)
    tidying.tidy()
    assert world.http.head(kept).headers["upload-offset"] == "4"
    assert len(world.http.get("/v1/uploads").json()["items"]) == 1


def test_an_upload_may_be_a_teachers_file(world: World) -> None:
    weights = networks.teacher_weights().to_bytes()
    posted = world.post_teacher(weights).json()
    upload = whole(world, weights)
    form = {"name": "net", "recipe": posted_recipe(posted), "upload": upload}
    again = world.http.post("/v1/teachers", files={}, data=form, headers={})
    assert again.status_code == 415, "a form without files is of another type"
    again = world.http.post("/v1/teachers", files=[(name, (None, form[name])) for name in form])
    assert (again.status_code, again.json()["id"]) == (200, posted["id"])
    assert again.json()["weights"]["sha256"] == hashlib.sha256(weights).hexdigest()


def test_an_upload_may_be_a_data_set(world: World) -> None:
    upload = whole(world, b"images")
    body = {"name": "pets", "upload": upload}
    made = world.http.post("/v1/datasets", json=body)
    assert made.status_code == 202
    again = world.http.post("/v1/datasets", json=body)
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert world.post_dataset(b"images").json()["id"] == made.json()["id"]


def test_half_an_upload_is_no_file(world: World) -> None:
    url = begin(world, 10)
    send(world, url, 0, b"0123")
    body = {"name": "pets", "upload": url.rpartition("/")[2]}
    answer = world.http.post("/v1/datasets", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/upload-unfinished")
    assert (answer.json()["offset"], answer.json()["size_bytes"]) == (4, 10)
    answer = world.http.post("/v1/datasets", json={**body, "upload": "upload_1"})
    assert answer.status_code == 404


def test_a_form_has_a_file_or_an_upload(world: World) -> None:
    form = [("name", (None, "net")), ("recipe", (None, "{}")), ("upload", (None, "upload_1"))]
    for files in (form[:2], [*form, ("weights", b"x")]):
        answer = world.http.post("/v1/teachers", files=files)
        assert answer.status_code == 422


def test_nobody_adds_to_anothers_upload(world: World) -> None:
    database = world.parts.database
    hers, his = opened.headers(database, "alice"), opened.headers(database, "bob")
    url = begin(world, 10, **hers)
    assert send(world, url, 0, b"0123", **his).status_code == 404
    assert world.http.delete(url, headers=his).status_code == 404
    answer = world.http.post("/v1/datasets", json={"name": "x", "upload": url[-36:]}, headers=his)
    assert answer.status_code == 404
    assert send(world, url, 0, b"0123", **hers).status_code == 204


def posted_recipe(posted: dict[str, Any]) -> str:
    return json.dumps(posted["recipe"])
