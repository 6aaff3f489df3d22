"""A service for every command."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.living import Live, living


@pytest.fixture
def live(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    with living(tmp_path, sqlite_template) as live:
        yield live
