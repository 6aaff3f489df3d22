"""The scripts of a GitHub action and of a GitLab job, run as their runners run them."""

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.service.installed import ROOT, installed
from tests.service.waiting import wait_until
from tests.service.web.site import Site

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
JOB: dict[str, Any] = yaml.safe_load((ROOT / "ci/gitlab/student-search.yml").read_text())[
    ".student-search"
]
STEP = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "run")
INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")
SECONDS = 600

Given = dict[str, str]


def github(place: Site, folder: Path, runner: Path, **given: str) -> subprocess.Popen[str]:
    """The action's own step with these inputs (_ for -), its runner's files in `runner`."""
    (runner / "student-search").mkdir(parents=True)
    installation = installed(runner / "student-search" / "bin")
    inputs = {name: about.get("default", "") for name, about in ACTION["inputs"].items()}
    inputs |= {"url": place.url, "recipe": "teacher.json", "library-recipe": "library.json"}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}
    environment = {
        name: INPUT.sub(lambda found: inputs[found[1]], text) for name, text in STEP["env"].items()
    }
    environment |= {
        "RUNNER_TEMP": str(runner),
        "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
        "GITHUB_OUTPUT": str(runner / "outputs"),
    }
    (runner / "script.sh").write_text(STEP["run"])
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(runner / "script.sh")]
    return _begun(command, folder, installation | environment)


def gitlab(place: Site, folder: Path, runner: Path, **given: str) -> subprocess.Popen[str]:
    """The job's script with these variables, in one shell, as its runner does."""
    runner.mkdir()
    variables = {**JOB["variables"], "RECIPE": "teacher.json", "LIBRARY_RECIPE": "library.json"}
    environment = {**installed(runner / "bin"), **variables, **given}
    lines = "\n".join(["set -eo pipefail", *JOB["script"]])
    return _begun(["bash", "-c", lines], folder, {"STUDENT_SEARCH_URL": place.url, **environment})


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and what it said."""
    out, said = process.communicate(timeout=SECONDS)
    return process.returncode, out + said


def stopped(process: subprocess.Popen[str], note: Path, by: signal.Signals) -> tuple[int, str, str]:
    """The same of one that is stopped while it waits for a job, and the job's id."""
    wait_until(lambda: process.poll() is not None or (note.exists() and note.read_text()), 300)
    assert process.poll() is None, ended(process)
    job = note.read_text()
    process.send_signal(by)
    return *ended(process), job


def _begun(command: list[str], folder: Path, environment: Given) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
