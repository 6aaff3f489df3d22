"""The service on SQLite, without workers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.ledger import Ledger
from service.settings import Settings
from tests.service.api.world import World


@pytest.fixture
def api_settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    shutil.copy(sqlite_template, tmp_path / "student-search.db")
    roots = (tmp_path / "allowed",)
    limits = {"max_upload_bytes": 2**20, "max_json_bytes": 2**18}
    return Settings(data_dir=tmp_path, workers=0, data_roots=roots, **limits)


@pytest.fixture
def world(api_settings: Settings) -> Iterator[World]:
    app = create_app(api_settings)
    with TestClient(app) as http:
        parts = app.state.parts
        yield World(http, parts, Ledger(parts.database, api_settings))
