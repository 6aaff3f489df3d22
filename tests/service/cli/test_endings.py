"""How commands end, as scripts see it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.cli.endings import CANCELLED, FAILED, INTERRUPTED, NOT_MET, TIMEOUT, UNREACHABLE
from tests.service.cli.typed import COMMAND, NOWHERE, Done, command, environment, typed
from tests.service.living import Live
from tests.service.waiting import PATIENCE_SECONDS, wait_until

BARE = """
import json, sys
blocked = (
    "torch", "torchvision", "sqlalchemy", "alembic", "fastapi", "starlette", "optuna", "uvicorn",
    "pydantic_settings", "obstore", "onnx", "matplotlib", "structlog", "prometheus_client",
)
for name in blocked:
    sys.modules[name] = None
from typer.testing import CliRunner
from service.cli import app
loaded = sorted(set(sys.modules) & {"scipy", "numpy", "PIL", "ray"})
told = {}
for command in json.loads(sys.argv[1]):
    done = CliRunner().invoke(app, command.split())
    told[command] = [done.exit_code, done.stderr]
print(json.dumps([loaded, told]))
"""


def posted(live: Live) -> str:
    job: str = live.world.post_dataset().json()["job"]
    return job


def test_a_job_that_is_done_ends_well_and_one_that_failed_does_not(live: Live) -> None:
    done = posted(live)
    live.world.do(lambda session: None)
    assert command(live, "jobs", "wait", done).returncode == 0
    failed: str = live.world.post_dataset(b"others").json()["job"]
    live.world.fail("InvalidDataset", "There are no class folders.")
    found = command(live, "jobs", "wait", failed)
    assert (found.returncode, found.stdout) == (FAILED, "")
    assert found.stderr.endswith("has failed. There are no class folders.\n")


def test_a_cancelled_job_has_a_code_of_its_own(live: Live) -> None:
    job = posted(live)
    assert command(live, "jobs", "cancel", job).stdout.strip() == job
    for name in ("wait", "watch"):
        found = command(live, "jobs", name, job)
        assert found.returncode == CANCELLED
        assert "has been cancelled" in found.stderr


@pytest.mark.parametrize("name", ["wait", "watch"])
def test_so_has_a_job_that_is_not_done_in_time(live: Live, name: str) -> None:
    found = command(live, "jobs", name, posted(live), "--timeout", "0.1")
    assert found.returncode == TIMEOUT
    assert "It goes on; wait for it again, or cancel it." in found.stderr


def test_a_timeout_means_waiting(live: Live) -> None:
    teacher, dataset = live.world.ready_teacher(), live.world.ready_dataset()
    found = command(live, "library", "build", teacher, dataset, "--timeout", "0.1")
    assert found.returncode == TIMEOUT


@contextmanager
def waiting(live: Live, *options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A command in another process that waits for a job."""
    job = posted(live)
    process = subprocess.Popen(
        [*COMMAND, "jobs", "watch", job, *options],
        env=environment(live),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "queued" in process.stdout.readline()
        yield job, process
    finally:
        process.kill()
        process.communicate()


def test_an_interrupted_command_says_that_its_job_goes_on(live: Live) -> None:
    with waiting(live) as (job, process):
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == INTERRUPTED
    assert f"`student-search jobs cancel {job}`" in said
    assert "Traceback" not in said
    assert live.client.job(job).state == "queued"


@pytest.mark.parametrize("stopped", [signal.SIGINT, signal.SIGTERM])
def test_it_cancels_its_job_where_that_was_wanted(live: Live, stopped: signal.Signals) -> None:
    with waiting(live, "--cancel-on-interrupt") as (job, process):
        process.send_signal(stopped)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == CANCELLED, said
    wait_until(lambda: live.client.job(job).state == "cancelled")


@pytest.mark.parametrize("stopped", [signal.SIGINT, signal.SIGTERM])
def test_a_job_whose_posting_was_interrupted_is_cancelled_all_the_same(
    live: Live, stopped: signal.Signals
) -> None:
    """The answer to the first request is interrupted; the command sees it nevertheless."""
    teacher, dataset = live.world.ready_teacher(), live.world.ready_dataset()
    program = (
        "import os, sys, httpx2; from service.cli import main\n"
        "send = httpx2.Client.send\n"
        "def slow(client, request, **options):\n"
        "    response = send(client, request, **options)\n"
        f"    if request.url.path.endswith('/libraries'): os.kill(os.getpid(), {int(stopped)})\n"
        "    return response\n"
        "httpx2.Client.send = slow\n"
        "main()\n"
    )
    arguments = ("library", "build", teacher, dataset, "--cancel-on-interrupt")
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment(live),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == CANCELLED, done.stderr
    (made,) = live.client.jobs(kind="library")
    wait_until(lambda: live.client.job(made.id).state == "cancelled")


def test_without_the_packages_of_a_server_everything_else_works() -> None:
    commands = {
        "--version": None,
        "library build --help": None,
        "jobs wait job_1 --url http://127.0.0.1:9": None,
        "token list": "service",
        "serve": "service",
        "backup x": "service",
        f"measure {__file__} {__file__}": "train",
        f"fine-tune {__file__} {__file__} {__file__} x": "train",
        f"bench {__file__}": None,
    }
    done = subprocess.run(
        [sys.executable, "-c", BARE, json.dumps(list(commands))],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    loaded, told = json.loads(done.stdout)
    assert loaded == []
    assert [told[each][0] for each in commands] == [0, 0, UNREACHABLE, 1, 1, 1, 1, 1, 1]
    assert "out of reach" in told["jobs wait job_1 --url http://127.0.0.1:9"][1]
    for each, extra in commands.items():
        assert len(told[each][1].splitlines()) <= 1, told[each]
        assert extra is None or f"pip install 'student-search[{extra}]'" in told[each][1]


def test_a_file_that_cannot_be_written_is_a_sentence(live: Live) -> None:
    teacher = live.world.ready_teacher()
    found = command(live, "teacher", "download", teacher, "/nowhere/teacher.safetensors")
    assert found.returncode == FAILED
    assert found.stderr.startswith("'/nowhere/teacher.safetensors' cannot be used: No such")


def problem(done: Done) -> dict[str, Any]:
    """The one line of JSON that ends standard error."""
    told: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    assert told["title"]
    assert told["detail"].endswith((".", "?"))
    return told


def test_with_json_a_script_reads_what_the_service_refused(live: Live) -> None:
    library = live.world.ready_library()
    done = command(live, "student", "request", library, "--macs", "1", "--json")
    assert (done.returncode, done.stdout) == (NOT_MET, "")
    told = problem(done)
    assert (told["type"], told["status"]) == ("/problems/infeasible-budget", 422)
    assert told["smallest"] > 1


def test_with_json_it_reads_what_went_wrong_here_as_well(live: Live) -> None:
    assert (
        problem(command(None, "jobs", "list", "--json"))["title"] == "The service is out of reach"
    )
    assert problem(command(live, "bench", __file__, "--json"))["title"] == "The command failed"
    failed: str = live.world.post_dataset().json()["job"]
    live.world.fail("InvalidDataset", "There are no class folders.")
    told = problem(command(live, "jobs", "wait", failed, "--json"))
    assert (told["job"], told["type"]) == (failed, "/problems/invalid-dataset")


def test_with_json_fine_tuning_tells_its_problem_so_too() -> None:
    done = typed("fine-tune", __file__, __file__, __file__, "x", "--json")
    assert done.returncode == FAILED
    assert "header" in problem(done)["detail"]


def completed(*words: str, url: str = NOWHERE) -> list[str]:
    """As bash would offer it behind the last word."""
    asked = {
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "STUDENT_SEARCH_URL": url,
        "_STUDENT_SEARCH_COMPLETE": "complete_bash",
    }
    done = subprocess.run(COMMAND, env={**os.environ, **asked}, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_the_shell_completes_commands() -> None:
    assert completed("student-search", "t") == ["teacher", "token"]


def test_the_shell_completes_ids_of_the_service_that_the_environment_names(live: Live) -> None:
    job = posted(live)
    assert completed("student-search", "jobs", "show", job[:6], url=live.url) == [job]
    assert completed("student-search", "teacher", "show", "teacher_", url=live.url) == []
    assert completed("student-search", "jobs", "show", "job_") == []
