import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from candidates.recipe import LibraryRecipe, TeacherRecipe
from search.budget import Budget
from service.bodies.jobs import JobBody
from service.client import Client, ClientError, JobEnded, Refused
from tests.service.api.world import RECIPE
from tests.service.living import Live, living
from tests.service.networks import teacher_weights

TEACHER = TeacherRecipe.model_validate_json(json.dumps(RECIPE))


@pytest.fixture
def live(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    with living(tmp_path, sqlite_template) as live:
        yield live


def test_a_service_that_answers_is_ready(live: Live) -> None:
    assert live.client.is_ready()


def test_a_service_that_is_not_there_is_named() -> None:
    with Client("http://127.0.0.1:9") as client:
        assert not client.is_ready()
        with pytest.raises(ClientError, match=r"http://127\.0\.0\.1:9/? is out of reach"):
            client.job("job_1")


def test_files_arrive_as_they_are(live: Live, tmp_path: Path) -> None:
    weights, archive = tmp_path / "net.safetensors", tmp_path / "pets.tar"
    weights.write_bytes(teacher_weights().to_bytes())
    archive.write_bytes(b"images")
    teacher = live.client.post_teacher("net", TEACHER, weights)
    assert live.world.parts.artifacts.read(teacher.weights.sha256) == weights.read_bytes()
    assert live.client.teacher(teacher.id).recipe == TEACHER
    dataset = live.client.post_dataset("pets", archive)
    assert live.client.post_dataset("pets", archive).note is not None
    assert live.client.dataset(dataset.id).state == "pending"


def test_a_library_is_asked_for_with_its_whole_recipe(live: Live) -> None:
    recipe = LibraryRecipe(steps=7, seed=3)
    teacher, dataset = live.world.ready_teacher(), live.world.ready_dataset()
    library = live.client.build_library(teacher, dataset, recipe)
    assert live.client.library(library.id).recipe == recipe


def test_a_problem_is_raised_with_its_members(live: Live) -> None:
    with pytest.raises(Refused, match="at least 70") as caught:
        live.client.request_student(live.world.ready_library(), Budget(parameters=5))
    assert caught.value.problem.type == "/problems/infeasible-budget"
    assert caught.value.problem.model_dump()["smallest"] == 70


def test_a_download_is_the_students_file(live: Live, tmp_path: Path) -> None:
    student = live.client.request_student(live.world.ready_library(), Budget(parameters=200))
    path = live.client.download(student.id, tmp_path / "student.safetensors")
    assert path.read_bytes() == live.world.parts.artifacts.read(student.checkpoint.sha256)
    assert [each.name for each in tmp_path.glob("*.part")] == []


def test_a_teachers_own_file_is_downloaded(live: Live, tmp_path: Path) -> None:
    teacher = live.client.teacher(live.world.ready_teacher())
    assert teacher.network is not None
    path = live.client.download_teacher(teacher.id, tmp_path / "teacher.safetensors")
    assert path.read_bytes() == live.world.parts.artifacts.read(teacher.network.sha256)


def test_a_refused_download_leaves_no_file(live: Live, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no student 'student_none'"):
        live.client.download("student_none", tmp_path / "student.safetensors")
    assert not (tmp_path / "student.safetensors").exists()


def test_the_refitted_file_can_be_downloaded_once_measured(live: Live, tmp_path: Path) -> None:
    student = live.client.request_student(live.world.ready_library(), Budget(parameters=200))
    live.world.measure(student.id, b"refitted")
    path = live.client.download(student.id, tmp_path / "student.safetensors", refitted=True)
    assert path.read_bytes() == b"refitted"


def test_waiting_ends_with_the_job_and_tells_the_progress(live: Live) -> None:
    job = live.world.post_dataset().json()["job"]
    seen: list[JobBody] = []

    def look(now: JobBody) -> None:
        seen.append(now)
        if len(seen) == 2:
            live.world.do(lambda session: None)

    assert live.client.wait(job, look, poll_seconds=0).state == "succeeded"
    assert [each.state for each in seen] == ["queued", "queued", "succeeded"]


def test_waiting_for_a_job_that_fails_raises_its_reason(live: Live) -> None:
    job = live.world.post_dataset().json()["job"]
    live.world.fail("InvalidDataset", "There are no class folders.")
    with pytest.raises(JobEnded, match=r"has failed\. There are no class folders\."):
        live.client.wait(job)


def test_a_stranger_is_recognised() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as stranger:
        thread = Thread(target=stranger.handle_request)
        thread.start()
        client = Client(f"http://127.0.0.1:{stranger.server_port}")
        with client, pytest.raises(ClientError, match="Is it a student-search service"):
            client.job("job_1")
        thread.join()
