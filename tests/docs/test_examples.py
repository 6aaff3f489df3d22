"""The handbook's examples do what it says."""

import re
from pathlib import Path

import pytest

from handbook.examples import examples, script
from tests.docs.conftest import ROOT, Reader

PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md"))
RUNNABLE = {
    path.relative_to(ROOT / "docs").as_posix(): path
    for path in PAGES
    if any(each.mark == "run" for each in examples(path))
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNNABLE)
def test_the_examples_of_a_page_run(name: str, reader: Reader) -> None:
    done = reader(script(examples(RUNNABLE[name])))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_example_is_left_unrun_without_a_reason(path: Path) -> None:
    for block in examples(path):
        if block.language in ("bash", "python"):
            assert block.mark is not None, block.text
        if block.mark == "not run":
            assert block.about, block.text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_block_of_code_is_known_to_the_tests(path: Path) -> None:
    fences = re.findall(r"^```(bash|python|json|yaml|sh)$", path.read_text("utf-8"), re.MULTILINE)
    assert len(fences) == len(examples(path))
