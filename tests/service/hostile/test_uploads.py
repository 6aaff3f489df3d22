"""What strangers may send: each is refused with a sentence by a real server, which lives on."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from service.client import Client, JobEnded
from tests.service.api.world import RECIPE
from tests.service.hostile import archives, teachers
from tests.service.serving import serving
from tests.service.waiting import wait_until

MAX_SENTENCE = 5000
JOB_SECONDS = 300
MAX_GROWTH_BYTES = 2**30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(tmp_path_factory.mktemp("served")) as client:
        yield client


@pytest.fixture
def http(server: Client) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=JOB_SECONDS, trust_env=False) as http:
        yield http


@pytest.fixture(autouse=True)
def _it_lives_on(server: Client, tmp_path: Path) -> Iterator[None]:
    """After each, nothing was run, the server answers, and it has not grown."""
    before = _resident_bytes()
    yield
    assert not (tmp_path / "marker").exists()
    wait_until(server.is_ready)
    assert _resident_bytes() - before < MAX_GROWTH_BYTES


def name_of(make: Callable[..., Any]) -> str:
    return make.__name__


@pytest.mark.parametrize("make", teachers.MAKERS, ids=name_of)
def test_no_file_is_a_teacher_that_is_none(
    http: httpx2.Client, tmp_path: Path, make: teachers.Make
) -> None:
    recipe = {name: RECIPE[name] for name in ("input", "preprocessing")}
    if make not in teachers.BRINGS_PROGRAM:
        recipe = RECIPE
    form = {"name": make.__name__, "recipe": json.dumps(recipe)}
    answer = http.post("/v1/teachers", data=form, files={"weights": make(tmp_path)})
    _check_refused(http, answer, "teachers")


@pytest.mark.parametrize("make", archives.MAKERS, ids=name_of)
def test_no_archive_is_a_data_set_that_is_none(
    http: httpx2.Client, tmp_path: Path, make: archives.Make
) -> None:
    files = {"archive": make(tmp_path)}
    answer = http.post("/v1/datasets", data={"name": make.__name__}, files=files)
    _check_refused(http, answer, "datasets")


@pytest.mark.parametrize(
    "changes",
    [
        {"kwargs": {"num_classes": 10**12}},
        {"kwargs": {"num_classes": 10**9}},
        {"kwargs": {"num_classes": -1}},
        {"kwargs": {"num_classes": 10, "in_channels": 10**9}},
        {"input": [3, 10**6, 10**6]},
        {"input": [3, 2**31, 2**31]},
        {"input": [0, 0, 0]},
        {"input": [3] * 100_000},
        {"architecture": "os.system"},
        {"architecture": "../../etc/passwd"},
        {"architecture": "torchvision/__init__"},
        {"kwargs": {"__class__": "x"}},
        {"kwargs": {"weights": "DEFAULT"}},
        {"preprocessing": {"mean": [float("nan")] * 3, "std": [0.0] * 3}},
    ],
    ids=lambda changes: f"{changes!s:.60}",
)
def test_no_recipe_asks_for_more_than_there_is(
    http: httpx2.Client, changes: dict[str, Any]
) -> None:
    form = {"name": "x", "recipe": json.dumps({**RECIPE, **changes})}
    weights = teachers.teacher_weights().to_bytes()
    answer = http.post("/v1/teachers", data=form, files={"weights": weights})
    _check_refused(http, answer, "teachers")


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize("path", ["/v1/students", "/v1/devices", "/v1/datasets", "/v1/tokens"])
@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        '{"a":' * 50_000 + "1" + "}" * 50_000,
        '{"library": ' + "9" * 100_000 + "}",
        '{"library": "' + "x" * 10_000_000 + '"}',
        '{"library": "\\ud800"}',
        "\x00",
        '{"library": NaN}',
        "[" * 10**6,
    ],
    ids=["lists", "objects", "number", "text", "surrogate", "zero", "nan", "open"],
)
def test_no_json_is_too_odd_to_be_refused(http: httpx2.Client, path: str, body: str) -> None:
    headers = {"content-type": "application/json"}
    answer = http.post(path, content=body.encode(), headers=headers)
    assert 400 <= answer.status_code < 500, answer.text[:1000]
    _check_sentence(answer.json()["detail"])


@pytest.mark.parametrize(
    "content_type",
    ["", "application/x-python-pickle", "application/json; charset=utf-7", "multipart/form-data",
     "multipart/form-data; boundary=" + "x" * 10_000, "text/html", "\xff", "application/xml"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/teachers", "/v1/datasets", "/v1/students"])
def test_no_content_type_is_too_odd_to_be_refused(
    http: httpx2.Client, path: str, content_type: str
) -> None:
    headers = {"content-type": content_type.encode("latin-1")}
    answer = http.post(path, content=b"--x\r\n" * 1000, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text[:1000]
    _check_sentence(answer.json()["detail"])


def _check_refused(http: httpx2.Client, answer: httpx2.Response, resources: str) -> None:
    """At once, or by the job that looked into it."""
    if answer.is_success:
        body = answer.json()
        with Client(str(http.base_url)) as client, pytest.raises(JobEnded):
            client.wait(body["job"], poll_seconds=1)
        body = http.get(f"/v1/{resources}/{body['id']}").json()
        assert body["state"] == "failed", body
        assert body["error"]["status"] < 500, body["error"]
        _check_sentence(body["error"]["detail"])
    else:
        assert 400 <= answer.status_code < 500, answer.text[:1000]
        assert answer.headers["content-type"] == "application/problem+json"
        _check_sentence(answer.json()["detail"])


def _check_sentence(text: str) -> None:
    assert re.search(r"\.$", text), text[-200:]
    assert 15 < len(text) < MAX_SENTENCE, text[:200]
    assert "Traceback" not in text


def _resident_bytes() -> int:
    """Of the server and all that it started."""
    processes = psutil.Process().children(recursive=True)
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
