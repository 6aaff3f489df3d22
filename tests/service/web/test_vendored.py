"""What is vendored is what was published, and is told of."""

import hashlib
import json
from pathlib import Path

import pytest

from service.web.pages import FILES

VENDOR = FILES / "vendor"
ENTRIES = json.loads((VENDOR / "vendored.json").read_text())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_one_that_was_noted(entry: dict[str, str]) -> None:
    content = (VENDOR / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_vendored_file_comes_with_its_licence(entry: dict[str, str]) -> None:
    assert (VENDOR / f"{Path(entry['file']).stem}.LICENSE").stat().st_size > 1000
    assert entry["licence"] in {"Apache-2.0", "MIT", "OFL-1.1"}


def test_nothing_else_is_vendored() -> None:
    known = {entry["file"] for entry in ENTRIES} | {"vendored.json"}
    others = {path.name for path in VENDOR.iterdir()} - known
    assert all("LICENSE" in name or "NOTICE" in name for name in others)
