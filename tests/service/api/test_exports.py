"""Students in other formats than the service's own."""

import hashlib
import io
import zipfile
from typing import Any

import pytest

from candidates.export.formats import FORMATS
from candidates.export.needs import why
from service.bodies import students
from tests.service.api.world import World


def test_a_student_says_where_every_format_lies(world: World) -> None:
    student = world.ready_student()
    url = student["checkpoint"]["url"]
    assert student["downloads"] == {name: f"{url}?format={name}" for name in FORMATS}


def test_what_cannot_be_written_here_is_not_offered_and_says_why(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = world.ready_student()
    assert student["not_offered"] == {}
    monkeypatch.setattr(students, "lacking", lambda: {"pt2": why("pt2")})
    again = world.http.get(f"/v1/students/{student['id']}").json()
    assert again["downloads"].keys() == FORMATS.keys() - {"pt2"}
    assert again["not_offered"]["pt2"].startswith("To write '.pt2' files torch has to be installed")


def test_the_own_format_is_the_file_itself(world: World) -> None:
    student = world.ready_student()
    answer = world.http.get(student["downloads"]["safetensors"])
    assert answer.headers["etag"] == f'"{student["checkpoint"]["sha256"]}"'


@pytest.mark.parametrize("name", ["safetensors", "python", "zip"])
def test_a_format_arrives_as_what_the_description_says(world: World, name: str) -> None:
    student = world.ready_student()
    answer = world.http.get(student["downloads"][name])
    described = world.http.get("/openapi.json").json()
    path = described["paths"]["/v1/students/{student_id}/checkpoint"]["get"]
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in path["responses"]["200"]["content"]


def test_python_arrives_as_such(world: World) -> None:
    student = world.ready_student()
    answer = world.http.get(student["downloads"]["python"])
    assert answer.headers["content-type"].startswith("text/x-python")
    assert answer.headers["content-disposition"].endswith(f'{student["id"]}.py"')
    compile(answer.content, "student.py", "exec")


def test_a_written_file_is_served_like_any_other(world: World) -> None:
    url = world.ready_student()["downloads"]["python"]
    whole = world.http.get(url)
    etag = whole.headers["etag"]
    assert etag == f'"{hashlib.sha256(whole.content).hexdigest()}"'
    rest = world.http.get(url, headers={"range": "bytes=10-", "if-range": etag})
    assert (rest.status_code, rest.content) == (206, whole.content[10:])
    assert world.http.get(url, headers={"if-none-match": etag}).status_code == 304
    head = world.http.head(url)
    assert (head.content, head.headers["etag"]) == (b"", etag)


def test_the_archive_holds_weights_code_and_a_card(world: World) -> None:
    student = world.ready_student()
    before = world.http.get(student["downloads"]["zip"])
    world.measure(student["id"])
    after = world.http.get(student["downloads"]["zip"])
    assert before.headers["etag"] != after.headers["etag"], "the card tells what was measured"
    with zipfile.ZipFile(io.BytesIO(after.content)) as found:
        files = {name: found.read(name) for name in found.namelist()}
    assert files.keys() >= {"README.md", "student.safetensors", "student.py"}
    digest = hashlib.sha256(files["student.safetensors"]).hexdigest()
    assert digest == student["checkpoint"]["sha256"]
    text = files["README.md"].decode()
    assert student["id"].replace("_", "\\_") in text
    assert "| Measured after the refit | 80.00 ± 0.40 % |" in text
    assert "| Predicted | " in text


def test_what_cannot_be_written_is_refused_with_a_sentence(world: World) -> None:
    student = world.ready_student()
    world.measure(student["id"], b"no checkpoint at all")
    answer = world.http.get(student["downloads"]["python"] + "&refitted=true")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-checkpoint")


def test_an_unknown_format_is_refused(world: World) -> None:
    url = world.ready_student()["checkpoint"]["url"]
    assert world.http.get(url + "?format=pickle").status_code == 422


@pytest.mark.parametrize("format", FORMATS)
def test_an_unknown_student_has_no_file(world: World, format: str) -> None:
    answer = world.http.get(f"/v1/students/student_none/checkpoint?format={format}")
    assert answer.status_code == 404


def test_a_student_inherits_its_teachers_licence(world: World) -> None:
    student = world.ready_student()
    assert (student["licence"], card(world, student)[:23]) == (None, '---\nlicense: "unknown"\n')
    world.post_teacher(licence="CC-BY-NC-4.0")
    again = world.http.get(f"/v1/students/{student['id']}").json()
    assert (again["licence"], again["checkpoint"]) == ("CC-BY-NC-4.0", student["checkpoint"])
    assert card(world, again).startswith('---\nlicense: "cc-by-nc-4.0"\n')


def card(world: World, student: dict[str, Any]) -> str:
    archive = io.BytesIO(world.http.get(student["downloads"]["zip"]).content)
    with zipfile.ZipFile(archive) as found:
        return found.read("README.md").decode()
