import random
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.budget import Budget
from service.client import ClientError, Patience, Refused, Unreachable
from tests.service.client.either import Either, Kind, either
from tests.service.client.proxy import Plan, Proxy, answered
from tests.service.living import Live

CONTENT = random.Random(0).randbytes(3 * 2**20)
HALF = Plan(cut_down=1.5 * 2**20)


@pytest.fixture(scope="module")
def student(live: Live) -> str:
    """With a refitted file that is large enough to break in the middle."""
    student = live.client.request_student(live.world.ready_library(), Budget(parameters=200))
    live.world.measure(student.id, CONTENT)
    return student.id


@pytest.fixture
def through(proxy: Proxy, kind: Kind) -> Iterator[Either]:
    with either(kind, proxy.url) as client:
        yield client


def test_a_download_is_the_students_file(
    live: Live, client: Either, student: str, tmp_path: Path
) -> None:
    path = client.download(student, tmp_path / "student.safetensors")
    file = live.client.student(student).checkpoint
    assert path.read_bytes() == live.world.parts.artifacts.read(file.sha256)
    assert [each.name for each in tmp_path.iterdir()] == ["student.safetensors"]


def test_a_broken_download_goes_on_where_it_broke(
    through: Either, proxy: Proxy, student: str, tmp_path: Path
) -> None:
    proxy.plans = deque([HALF, HALF])
    seen: list[int] = []
    path = through.download(
        student, tmp_path / "s", refitted=True, on_bytes=lambda done, _: seen.append(done)
    )
    assert path.read_bytes() == CONTENT
    assert proxy.num_connections == 3
    assert seen == sorted(seen)
    heads = b"".join(proxy.heads).lower()
    assert b"range: bytes=1048576-" in heads
    assert b'if-range: "' in heads


def test_a_later_download_goes_on_with_what_an_earlier_one_left(
    proxy: Proxy, kind: Kind, student: str, tmp_path: Path
) -> None:
    proxy.plans = deque([HALF])
    with either(kind, proxy.url, Patience(attempts=1)) as client:
        with pytest.raises(Unreachable, match="downloading it again goes on there"):
            client.download(student, tmp_path / "s", refitted=True)
        assert (tmp_path / "s.part").stat().st_size == 2**20
        assert client.download(student, tmp_path / "s", refitted=True).read_bytes() == CONTENT
    assert b"range: bytes=1048576-" in b"".join(proxy.heads).lower()
    assert not (tmp_path / "s.part").exists()


@pytest.mark.parametrize("left", [b"other", CONTENT + b"more", CONTENT])
def test_what_something_else_left_is_found_out(
    client: Either, student: str, tmp_path: Path, left: bytes
) -> None:
    (tmp_path / "s.part").write_bytes(left)
    assert client.download(student, tmp_path / "s", refitted=True).read_bytes() == CONTENT


def test_a_file_that_arrives_damaged_is_not_put_in_its_place(
    through: Either, proxy: Proxy, student: str, tmp_path: Path
) -> None:
    digest = "repr-digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    proxy.plans = deque([answered("200 OK", digest, body="damaged")])
    with pytest.raises(ClientError, match="arrived damaged"):
        through.download(student, tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


def test_a_refused_download_leaves_no_file(client: Either, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no student 'student_none'"):
        client.download("student_none", tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


def test_a_curve_is_fetched_as_a_picture(
    live: Live, client: Either, student: str, tmp_path: Path
) -> None:
    library = live.client.student(student).library
    path = client.download_curve(library, tmp_path / "curve.svg")
    assert b"<svg" in path.read_bytes()
