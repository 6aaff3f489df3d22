"""What commands answer, for people and for scripts."""

import json
from pathlib import Path
from typing import Any

from tests.service.api.world import RECIPE
from tests.service.cli.typed import command
from tests.service.living import Live
from tests.service.networks import teacher_weights


def told(live: Live, *arguments: str) -> Any:
    """As JSON, which is all that stands on standard output."""
    done = command(live, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_is_posted_is_told_as_the_service_tells_it(live: Live, tmp_path: Path) -> None:
    weights, recipe = tmp_path / "net.safetensors", tmp_path / "teacher.json"
    weights.write_bytes(teacher_weights().to_bytes())
    recipe.write_text(json.dumps(RECIPE))
    made = told(live, "teacher", "push", str(weights), "--recipe", str(recipe))
    assert made == json.loads(live.client.teacher(made["id"]).model_dump_json())


def test_the_option_may_stand_in_front_too(live: Live) -> None:
    library = live.world.ready_library()
    before = command(live, "--json", "library", "show", library)
    assert json.loads(before.stdout)["id"] == library
    assert before.stdout == command(live, "library", "show", library, "--json").stdout


def test_a_student_is_told_with_its_prediction_and_then_with_what_was_measured(
    live: Live,
) -> None:
    library = live.world.ready_library()
    student = told(live, "student", "request", library, "--parameters", "80%")
    assert student["cost"]["parameters"] == 190
    live.world.measure(student["id"])
    measured = told(live, "student", "show", student["id"])
    assert measured["measurement"]["refitted"]["value"] == 80.0


def test_lists_are_lists_and_tables(live: Live) -> None:
    live.world.ready_library()
    for noun in ("dataset", "teacher", "library", "student", "device", "webhook", "jobs"):
        listed = told(live, noun, "list")
        lines = command(live, noun, "list").stdout.splitlines()
        assert [line.split()[0] for line in lines] == [each["id"] for each in listed]


def test_an_empty_list_says_so_and_leaves_standard_output_empty(live: Live) -> None:
    done = command(live, "teacher", "list")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "None.\n")
    assert told(live, "teacher", "list") == []


def test_how_far_jobs_are_is_listed_in_percent(live: Live) -> None:
    live.world.ready_dataset()
    assert " succeeded  100%  " in command(live, "jobs", "list").stdout


def test_a_job_is_watched_line_by_line(live: Live) -> None:
    job = live.world.post_dataset().json()["job"]
    live.world.do(lambda session: None)
    assert told(live, "jobs", "watch", job)["state"] == "succeeded"
    assert command(live, "jobs", "watch", job).stdout == f"{job} dataset succeeded, 100%\n"


def test_a_job_gets_another_priority(live: Live) -> None:
    job = live.world.post_dataset().json()["job"]
    assert told(live, "jobs", "amend", job, "--priority", "5")["priority"] == 5
    assert live.client.job(job).deadline is None


def test_a_curve_is_a_table_or_figures_or_a_picture(live: Live, tmp_path: Path) -> None:
    library = live.world.ready_library()
    assert told(live, "library", "curve", library)["axis"] == "parameters"
    table = command(live, "library", "curve", library).stdout
    assert table.splitlines()[0].split()[:2] == ["share", "parameters"]
    out = tmp_path / "curve.png"
    assert command(live, "library", "curve", library, "--out", str(out)).returncode == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    wrong = command(live, "library", "curve", library, "--out", str(tmp_path / "curve.pdf"))
    assert wrong.returncode == 2


def test_surveys_and_searches_are_begun(live: Live) -> None:
    library = live.world.ready_library()
    survey = told(live, "survey", "run", library, "--count", "2")
    assert told(live, "survey", "list", library)[0]["id"] == survey["id"]
    search = told(live, "search", "run", library, "--parameters", "80%", "--trials", "3")
    assert told(live, "search", "show", search["id"])["settings"]["trials"] == 3


def test_a_webhooks_secret_is_shown_once(live: Live) -> None:
    added = command(live, "webhook", "add", "https://1.1.1.1/told")
    assert added.stdout.startswith("whsec_")
    listed = command(live, "webhook", "list").stdout
    assert added.stdout.strip() not in listed
    assert command(live, "webhook", "delete", listed.split()[0]).returncode == 0
