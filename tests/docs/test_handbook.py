"""The handbook as a whole: it is built without a warning, and has what it is made from."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from handbook.hook import ROOT, made_pages
from handbook.links import complaints
from handbook.numbers import linked
from handbook.results import benchmark_of
from service.errors import KINDS, PLAIN_KINDS

DOCS = ROOT / "docs"
MADE = made_pages()
NUMBERS_PAGE = linked((DOCS / "numbers.md").read_text())
NUMBERS = re.compile(r"figures\.md#(\w+)|benchmarks/(\w+)\.py")


def test_it_is_built_without_a_warning_or_a_dead_link(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert list(complaints(tmp_path)) == []


def test_every_call_is_on_the_page_of_calls() -> None:
    paths = json.loads((DOCS / "openapi.json").read_text())["paths"]
    for path, methods in paths.items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in MADE["reference/rest.md"]


def test_every_body_is_on_the_page_of_bodies() -> None:
    for name in json.loads((DOCS / "openapi.json").read_text())["components"]["schemas"]:
        assert f"## {name.strip('_')} {{" in MADE["reference/bodies.md"]


def test_every_type_of_problem_is_on_their_page() -> None:
    for kind in (*KINDS.values(), *PLAIN_KINDS):
        assert f"`/problems/{kind.slug}`" in MADE["reference/problems.md"]


@pytest.mark.parametrize(
    "command", ["serve", "teacher push", "student request", "jobs wait", "fine-tune", "export"]
)
def test_commands_are_on_their_page_with_their_options(command: str) -> None:
    section = MADE["reference/commands.md"].split(f"## {command}\n")[1].split("\n## ")[0]
    assert f"student-search {command}" in section
    assert "| argument or option |" in section


def test_every_number_names_a_script_that_left_a_file() -> None:
    pages = [NUMBERS_PAGE, (DOCS / "concepts.md").read_text(), (DOCS / "numbers.md").read_text()]
    named = {a or b for page in pages for a, b in NUMBERS.findall(page)}
    left = {benchmark_of(path) for path in (ROOT / "benchmarks" / "results").glob("*.json")}
    assert len(named) > 10
    for script in named - {"cifar"}:
        assert (ROOT / "benchmarks" / f"{script}.py").exists(), script
        assert script in left


def test_the_page_of_numbers_has_every_row_of_the_readme() -> None:
    all_rows = (DOCS / "numbers.md").read_text().splitlines()
    rows = (ROOT / "README.md").read_text().split("| what | measured | script |\n")[1]
    for row in rows.split("\n\n")[0].splitlines():
        assert row.replace("](docs/", "](") in all_rows
