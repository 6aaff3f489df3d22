import base64
import hashlib

import pytest

from candidates.assembly import program_of
from candidates.checkpoint import Checkpoint
from tests.service.api.world import World


def test_the_etag_is_the_digest_of_what_arrives(world: World) -> None:
    student = world.ready_student()
    answer = world.http.get(student["checkpoint"]["url"])
    digest = hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["etag"] == f'"{digest}"'
    assert (digest, len(answer.content)) == (
        student["checkpoint"]["sha256"],
        student["checkpoint"]["size_bytes"],
    )
    assert answer.headers["content-disposition"].endswith(f'{student["id"]}.safetensors"')


def test_a_download_goes_on_where_it_stopped(world: World) -> None:
    url = world.ready_student()["checkpoint"]["url"]
    whole = world.http.get(url)
    headers = {"range": "bytes=100-", "if-range": whole.headers["etag"]}
    rest = world.http.get(url, headers=headers)
    assert (rest.status_code, rest.content) == (206, whole.content[100:])
    assert (
        rest.headers["content-range"] == f"bytes 100-{len(whole.content) - 1}/{len(whole.content)}"
    )


def test_a_range_of_another_file_is_not_mixed_in(world: World) -> None:
    url = world.ready_student()["checkpoint"]["url"]
    answer = world.http.get(url, headers={"range": "bytes=100-", "if-range": '"other"'})
    assert answer.status_code == 200


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_known_file_is_not_sent_again(world: World, form: str) -> None:
    url = world.ready_student()["checkpoint"]["url"]
    etag = world.http.head(url).headers["etag"]
    answer = world.http.get(url, headers={"if-none-match": form.format(etag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)


def test_an_unknown_one_is(world: World) -> None:
    url = world.ready_student()["checkpoint"]["url"]
    assert world.http.get(url, headers={"if-none-match": '"other"'}).status_code == 200


def test_head_tells_the_size_without_the_file(world: World) -> None:
    student = world.ready_student()
    answer = world.http.head(student["checkpoint"]["url"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == student["checkpoint"]["size_bytes"]
    assert answer.headers["accept-ranges"] == "bytes"


def test_the_refitted_file_is_there_once_measured(world: World) -> None:
    student = world.ready_student()
    url = student["checkpoint"]["url"] + "?refitted=true"
    before = world.http.get(url)
    assert (before.status_code, before.json()["type"]) == (409, "/problems/resource-not-ready")
    world.measure(student["id"], b"the refitted file")
    assert world.http.get(url).content == b"the refitted file"
    shown = world.http.get(f"/v1/students/{student['id']}").json()
    assert shown["measurement"]["checkpoint"]["url"] == url


def test_a_damaged_file_is_not_handed_out(world: World) -> None:
    student = world.ready_student()
    sha256 = student["checkpoint"]["sha256"]
    world.parts.artifacts.locate(sha256).write_bytes(b"damaged")
    answer = world.http.get(student["checkpoint"]["url"])
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/artifact-damaged")


def test_an_unknown_student_has_no_file(world: World) -> None:
    assert world.http.get("/v1/students/student_none/checkpoint").status_code == 404


def test_a_teachers_own_file_is_downloaded_like_a_student(world: World) -> None:
    teacher = world.http.get(f"/v1/teachers/{world.ready_teacher()}").json()
    url = teacher["network"]["url"]
    whole = world.http.get(url)
    assert hashlib.sha256(whole.content).hexdigest() == teacher["network"]["sha256"]
    assert len(whole.content) == teacher["network"]["size_bytes"]
    assert program_of(Checkpoint.from_bytes(whole.content)).output == "logits"
    assert whole.headers["content-disposition"].endswith(f'{teacher["id"]}.safetensors"')
    assert world.http.get(url, headers={"range": "bytes=100-"}).content == whole.content[100:]
    etag = world.http.head(url).headers["etag"]
    assert world.http.get(url, headers={"if-none-match": etag}).status_code == 304


def test_a_teacher_that_is_not_ready_has_no_file_of_its_own(world: World) -> None:
    teacher = world.post_teacher().json()
    assert teacher["network"] is None
    answer = world.http.get(f"/v1/teachers/{teacher['id']}/network")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/resource-not-ready")


@pytest.fixture
def downloads(world: World) -> dict[str, str]:
    """The path of every download, by what it is."""
    student = world.ready_student()
    library = world.http.get(f"/v1/libraries/{student['library']}").json()
    return {
        "student": student["checkpoint"]["url"],
        "teacher": f"/v1/teachers/{library['teacher']}/network",
        "script": "/v1/devices/measure_latency.py",
        "kit": f"/v1/libraries/{library['id']}/latency-kit",
        "curve": f"/v1/libraries/{library['id']}/trade-off-curve?format=csv",
    }


def test_every_download_tells_its_digest_and_goes_on_where_it_stopped(
    world: World, downloads: dict[str, str]
) -> None:
    for path in downloads.values():
        whole = world.http.get(path)
        digest = hashlib.sha256(whole.content).digest()
        written = base64.b64encode(digest).decode()
        assert whole.headers["repr-digest"] == f"sha-256=:{written}:", path
        assert whole.headers["etag"] == f'"{digest.hex()}"'
        assert whole.headers["accept-ranges"] == "bytes"
        head = world.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "repr-digest", "content-length", "content-type"):
            assert head.headers[name] == whole.headers[name], (path, name)
        known = world.http.get(path, headers={"if-none-match": whole.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        headers = {"range": "bytes=10-19", "if-range": whole.headers["etag"]}
        part = world.http.get(path, headers=headers)
        assert (part.status_code, part.content) == (206, whole.content[10:20]), path
        assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
        assert part.headers["repr-digest"] == whole.headers["repr-digest"]
        last = world.http.get(path, headers={"range": "bytes=-7"})
        assert last.content == whole.content[-7:]
        other = world.http.get(path, headers={"range": "bytes=10-19", "if-range": '"other"'})
        assert (other.status_code, other.content) == (200, whole.content)


def test_a_range_outside_of_the_file_is_a_problem_that_tells_its_size(
    world: World, downloads: dict[str, str]
) -> None:
    for path in downloads.values():
        size = len(world.http.get(path).content)
        answer = world.http.get(path, headers={"range": f"bytes={size}-"})
        assert (answer.status_code, answer.json()["type"]) == (416, "/problems/invalid-range"), path
        assert answer.headers["content-range"] == f"bytes */{size}"
        assert answer.json()["size_bytes"] == size
