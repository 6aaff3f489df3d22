from collections.abc import Iterator

import pytest

from candidates.export import needs
from candidates.export.needs import lacking, why


@pytest.fixture(autouse=True)
def _found_out_anew() -> Iterator[None]:
    lacking.cache_clear()
    yield
    lacking.cache_clear()


def test_with_every_package_nothing_is_lacking() -> None:
    assert lacking() == {}


def test_without_torch_there_is_no_pt2_and_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None if name == "torch" else object())
    assert lacking() == {"pt2": why("pt2")}
    assert "--format pt2" in why("pt2")
