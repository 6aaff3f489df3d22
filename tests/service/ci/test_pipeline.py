"""The program that pipelines run, by the scripts of both platforms and against a real service."""

import json
import signal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from service.ci.outcome import Outcome
from service.client import Client
from tests.service.ci.conftest import NUM_NEIGHBOURHOODS
from tests.service.ci.scripts import ended, github, gitlab, stopped
from tests.service.web.site import Site

BUDGETS = "parameters=60% macs=70%,parameters=90%"


@pytest.fixture(scope="module")
def first(place: Site, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's files behind the first teacher, which was accepted."""
    runner = tmp_path_factory.mktemp("first") / "runner"
    with place.working():
        code, said = ended(
            github(
                place, folder, runner, weights="first.safetensors", name="net", dataset="noise",
                budgets=BUDGETS, accept="true", max_fall="100",
            )
        )  # fmt: skip
    assert code == 0, said
    assert "nothing to compare with" in said
    return runner


def test_a_first_teacher_is_accepted_and_its_students_lie_there(first: Path, folder: Path) -> None:
    accepted = Outcome.read(folder / ".student-search/accepted.json")
    assert accepted is not None
    assert list(accepted.students) == BUDGETS.split()
    out = folder / "student-search"
    assert {path.name for path in out.iterdir()} == {
        "student-parameters-60.safetensors", "student-macs-70-parameters-90.safetensors",
        "curve.png", "curve.svg", "summary.md", "summary.html", "junit.xml", "outcome.json",
    }  # fmt: skip


def test_the_runner_is_told_everything_as_outputs(first: Path) -> None:
    lines = (first / "outputs").read_text().splitlines()
    outputs = dict(line.split("=", 1) for line in lines)
    assert outputs["passed"] == "true"
    assert outputs["teacher"].startswith("teacher_")
    assert list(json.loads(outputs["students"])) == BUDGETS.split()


def test_the_summary_has_a_verdict_a_table_and_a_drawn_curve(first: Path, folder: Path) -> None:
    summary = (first / "summary.md").read_text()
    assert "**Passed: no teacher was accepted before" in summary
    assert "| parameters=60% |" in summary
    assert "```mermaid\nxychart-beta" in summary
    assert "data:image/png;base64," in (folder / "student-search/summary.html").read_text()


def test_another_teacher_reuses_the_neighbourhoods_that_did_not_change(
    place: Site, folder: Path, first: Path, tmp_path: Path
) -> None:
    with place.working():
        code, said = ended(
            gitlab(
                place, folder, tmp_path / "runner", WEIGHTS="second.safetensors", NAME="net",
                DATASET="noise", MAX_FALL="100", BUDGETS=BUDGETS, OUT="second",
                ACCEPTED=".student-search/accepted.json",
            )
        )  # fmt: skip
    assert code == 0, said
    assert "against the last accepted teacher" in said
    summary = (folder / "second/summary.md").read_text()
    unchanged = f"{NUM_NEIGHBOURHOODS - 1} of {NUM_NEIGHBOURHOODS} neighbourhoods are as in the"
    assert unchanged in summary
    accepted = Outcome.read(folder / ".student-search/accepted.json")
    assert accepted is not None
    assert accepted.teacher in (first / "outputs").read_text(), "ACCEPT was not asked for"


def test_a_gate_that_fails_ends_the_pipeline_with_a_sentence(
    place: Site, folder: Path, first: Path, tmp_path: Path
) -> None:
    accepted = json.loads((folder / ".student-search/accepted.json").read_text())
    accepted["students"]["parameters=60%"]["accuracy"]["value"] = 200.0
    (tmp_path / "accepted.json").write_text(json.dumps(accepted))
    with place.working():
        code, said = ended(
            gitlab(
                place, folder, tmp_path / "runner", WEIGHTS="first.safetensors", NAME="net",
                DATASET="noise", BUDGETS="parameters=60%", OUT=str(tmp_path / "out"),
                ACCEPTED=str(tmp_path / "accepted.json"), ACCEPT="true",
            )
        )  # fmt: skip
    assert code == 1, said
    assert "Failed: accuracy within parameters=60% fell by" in said
    assert json.loads((tmp_path / "accepted.json").read_text()) == accepted
    report = ElementTree.fromstring((tmp_path / "out/junit.xml").read_bytes())
    assert report.find("testcase/failure") is not None
    assert "[[ATTACHMENT|" in (report.findtext("testcase/system-out") or "")


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_workflow_that_is_cancelled_cancels_its_job(
    place: Site, folder: Path, tmp_path: Path, by: signal.Signals
) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes((folder / "first.safetensors").read_bytes())
    out = tmp_path / "out"
    process = github(
        place, folder, tmp_path / "runner", weights=str(other), name=by.name, dataset="noise",
        out=str(out), recipe=_recipe(tmp_path, folder, by),
    )  # fmt: skip
    code, said, job = stopped(process, out / "job", by)
    assert code == 3, said
    assert f"The job '{job}' was cancelled." in said
    with Client(place.url) as client:
        assert client.job(job).state == "cancelled"
    assert not (out / "job").exists()


def _recipe(tmp_path: Path, folder: Path, by: signal.Signals) -> str:
    """One that makes another teacher of the same weights."""
    recipe = json.loads((folder / "teacher.json").read_text())
    recipe["preprocessing"]["mean"] = [0.1 * by.value / 10]
    (tmp_path / "teacher.json").write_text(json.dumps(recipe))
    return str(tmp_path / "teacher.json")
