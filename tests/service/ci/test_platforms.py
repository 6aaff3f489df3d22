"""What the files for GitHub and GitLab say, as far as it can be checked without their runners."""

import re
import subprocess
import tomllib
from typing import Any

import pytest
import yaml

from handbook.examples import examples
from tests.service.ci.scripts import ACTION, JOB
from tests.service.installed import ROOT

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


def test_every_input_and_output_of_the_action_is_described() -> None:
    for about in (*ACTION["inputs"].values(), *ACTION["outputs"].values()):
        assert about["description"].strip()


def test_every_input_is_used_and_every_used_one_exists() -> None:
    used = set(re.findall(r"inputs\.([a-z-]+)", str(STEPS)))
    assert used == set(ACTION["inputs"])


def test_no_input_is_pasted_into_a_script() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", ""), step["name"]


def test_outputs_are_those_of_the_program() -> None:
    told = {"teacher", "library", "students", "accuracies", "passed", "verdict", "reuse"}
    assert set(ACTION["outputs"]) == told


def test_what_is_installed_is_an_extra_that_exists() -> None:
    assert "client" in EXTRAS
    assert "$GITHUB_ACTION_PATH[client]" in STEPS[0]["run"]
    assert JOB["variables"]["STUDENT_SEARCH_CLIENT"].endswith("[client]")


@pytest.mark.parametrize(
    "script",
    [
        *(step["run"] for step in STEPS if "run" in step),
        *("\n".join(JOB[part]) for part in ("before_script", "script", "after_script")),
    ],
)
def test_scripts_are_scripts(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_gitlab_records_on_the_default_branch_only() -> None:
    on_default, elsewhere = JOB["rules"]
    assert on_default["variables"] == {"ACCEPT": "true", "CACHE": "pull-push"}
    assert "variables" not in elsewhere
    assert (JOB["variables"]["ACCEPT"], JOB["variables"]["CACHE"]) == ("false", "pull")
    assert JOB["cache"]["policy"] == "$CACHE"


def test_the_handbooks_workflow_gives_what_the_action_takes() -> None:
    github, gitlab = (
        yaml.safe_load(block.text)
        for block in examples(ROOT / "docs/how-to/ci.md")
        if block.language == "yaml"
    )
    given = github["jobs"]["gate"]["steps"][-1]["with"]
    assert given.keys() <= ACTION["inputs"].keys()
    needed = {name for name, about in ACTION["inputs"].items() if about.get("required")}
    assert needed <= given.keys()
    assert gitlab["gate"]["variables"].keys() <= JOB["variables"].keys()
