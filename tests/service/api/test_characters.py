"""Characters that a database may not keep, on both of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings


@pytest.fixture
def http(tmp_path: Path, database_url: str) -> Iterator[TestClient]:
    root = tmp_path / "allowed"
    root.mkdir()
    settings = Settings(data_dir=tmp_path, database_url=database_url, workers=0, data_roots=(root,))
    with TestClient(create_app(settings)) as http:
        yield http


@pytest.mark.parametrize("character", ["\0", "💾", "\x1b", "\ufeff", "\ud800"])
def test_no_character_breaks_the_service(http: TestClient, tmp_path: Path, character: str) -> None:
    body = json.dumps({"name": f"a{character}", "uri": (tmp_path / "allowed").as_uri()})
    headers = {"content-type": "application/json"}
    answers = [http.post("/v1/datasets", content=body.encode(), headers=headers)]
    written = quote(character.encode("utf-8", "surrogatepass"))
    for path in (
        "/v1/teachers/a{}",
        "/v1/teachers?name={}",
        "/v1/students?library={}",
        "/v1/datasets?cursor={}",
        "/problems/{}",
    ):
        answers.append(http.get(path.format(written)))
    for answer in answers:
        assert answer.status_code in {200, 202, 404, 422}, answer.text
        if not answer.is_success:
            assert answer.headers["content-type"] == "application/problem+json"
