"""What becomes of what is logged."""

import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from service import logs
from service.request_id import request_id
from service.settings import Settings

log = logging.getLogger("test")
JSON = Settings(log_format="json")


@pytest.fixture(autouse=True)
def undisturbed() -> Iterator[None]:
    """The root logger afterwards is as before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_of_json_names_its_moment_level_logger_and_process(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("worker", JSON)
    log.info("Did %d.", 3, extra={"seconds": 0.5, "_mark_of_another": 1})
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("pid") > 0
    rest = {"level": "info", "logger": "test", "process": "worker", "seconds": 0.5}
    assert line == {"event": "Did 3.", **rest}


def test_lines_within_a_request_carry_its_id_and_others_do_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("server", JSON)
    token = request_id.set("req-1")
    log.info("within")
    request_id.reset(token)
    log.info("without")
    assert [line.get("request_id") for line in lines(capsys)] == ["req-1", None]


def test_lines_about_a_unit_carry_job_and_unit(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("worker", JSON)
    with logs.about_unit("job_1", "unit_1"):
        log.info("within")
    log.info("without")
    within, without = lines(capsys)
    assert (within["job_id"], within["unit_id"]) == ("job_1", "unit_1")
    assert not {"job_id", "unit_id"} & without.keys()


def test_other_threads_are_about_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("worker", JSON)
    with logs.about_unit("job_1", "unit_1"):
        thread = Thread(target=log.info, args=("elsewhere",))
        thread.start()
        thread.join()
    assert "job_id" not in lines(capsys)[0]


def test_less_important_lines_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("server", Settings(log_format="json", log_level="warning"))
    log.info("this")
    log.warning("that")
    assert [line["event"] for line in lines(capsys)] == ["that"]


def test_people_get_text_without_colours_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("server", Settings(log_format="console"))
    with logs.about_unit("job_1", "unit_1"):
        log.warning("Something is odd.")
    text = capsys.readouterr().err
    assert "Something is odd." in text
    assert "job_id=job_1" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_errors_come_with_where_they_happened(
    capsys: pytest.CaptureFixture[str], log_format: Any
) -> None:
    logs.configure("server", Settings(log_format=log_format))
    try:
        raise ValueError("no good")
    except ValueError:
        log.exception("It broke.")
    text = capsys.readouterr().err
    assert "ValueError: no good" in text
    assert "test_logs.py" in text


def test_warnings_are_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("server", JSON)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("Soon gone.", DeprecationWarning, stacklevel=1)
    assert "Soon gone." in lines(capsys)[0]["event"]


SECRET = "k3yf00Bar_9-x"
LEAKS = (
    f"Authorization: Bearer {SECRET}",
    f"headers={{'authorization': 'Bearer {SECRET}'}}",
    f"connecting to postgresql://user:{SECRET}@host/db",
    f"webhook_secret={SECRET}",
    f'{{"secret": "{SECRET}"}}',
    f"GET /v1/jobs?access_token={SECRET}&a=b",
    f"password: {SECRET}",
    f"It showed token_0199f3c2a1b4c0ffee00.{SECRET} at the door.",
)


@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.parametrize("leak", LEAKS)
def test_secrets_do_not_get_into_the_log(
    capsys: pytest.CaptureFixture[str], leak: str, log_format: Any
) -> None:
    logs.configure("server", Settings(log_format=log_format))
    log.warning("Look: %s", leak)
    log.warning("A field.", extra={"note": leak, "webhook_secret": SECRET})
    log.warning("A dictionary.", extra={"about": {"token": SECRET, "note": leak}})
    try:
        raise ValueError(leak)
    except ValueError:
        log.exception("It broke.")
    text = capsys.readouterr().err
    assert SECRET not in text
    assert logs.HIDDEN in text


def test_values_of_statements_stay_out_of_errors(tmp_path: Path) -> None:
    code = f"""
from sqlalchemy import text
from service.database import Database
database = Database("sqlite:///{tmp_path}/a.db")
with database.writing() as session:
    session.execute(text("INSERT INTO nowhere VALUES (:a)"), {{"a": "{SECRET}"}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "nowhere" in done.stderr
    assert SECRET not in done.stderr.replace(code, "").split("OperationalError", 1)[1]
