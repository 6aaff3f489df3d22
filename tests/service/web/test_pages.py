"""The documents themselves: what is served, under which policy, and that it is complete."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.web.pages import FILES, SECTIONS, is_page

SCRIPTS = sorted((FILES / "js").rglob("*.js"))
IMPORT = re.compile(r'(?:from|import) "(\.[^"]+)"')


@pytest.fixture
def http(tmp_path: Path) -> TestClient:
    return TestClient(create_app(Settings(data_dir=tmp_path, workers=0)))


@pytest.mark.parametrize("path", ["/", *(f"/{each}" for each in SECTIONS), "/libraries/x/student"])
def test_every_address_of_the_pages_gives_the_same_document(http: TestClient, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 200
    assert answer.text == (FILES / "index.html").read_text()
    assert is_page(path)


def test_the_policy_allows_nothing_inline_and_nothing_foreign(http: TestClient) -> None:
    for path in ("/", "/assets/js/app.js"):
        policy = http.get(path).headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "http" not in policy
        assert policy.startswith("default-src 'none'")


def test_the_document_holds_no_script_and_no_style() -> None:
    text = (FILES / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text)


def test_scripts_come_as_scripts(http: TestClient) -> None:
    answer = http.get("/assets/js/app.js")
    assert "javascript" in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = http.get("/assets/js/app.js", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_what_is_missing_is_a_problem(http: TestClient) -> None:
    assert http.get("/assets/js/none.js").headers["content-type"] == "application/problem+json"
    assert not is_page("/nowhere")
    assert not is_page("/v1/teachers")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(FILES)))
def test_every_import_is_there(script: Path) -> None:
    for target in IMPORT.findall(script.read_text()):
        assert (script.parent / target).is_file(), target


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(FILES)))
def test_no_markup_is_made_from_text(script: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script.read_text()
    )


def test_every_page_of_the_router_is_there() -> None:
    routes = re.findall(r'\["/[^"]*", "(\w+)"', (FILES / "js" / "router.js").read_text())
    assert set(routes) == {path.stem for path in (FILES / "js" / "pages").iterdir()}
