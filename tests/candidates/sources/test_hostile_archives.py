"""`.pt2` archives whose entries are not as torch writes them."""

import pickle
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.errors import InvalidCheckpoint
from candidates.sources.exported import program_of
from tests.candidates.exports import SHAPE, Small, exported, seeded
from tests.candidates.hostile import archive_of, entries_of, pickled, with_bytes, with_entry

MODEL = "models/model.json"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(seeded(Small), tmp_path_factory.mktemp("exports") / "net.pt2")


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(original, tmp_path / "net.pt2"))


@pytest.mark.parametrize(
    "name",
    ["net/../../evil", "/evil", "net//evil", "net\\evil", "evil/net", "net/code/evil.py",
     "net/data.pkl", "net/data/constants/custom_obj_0", "net/models/other.json"],
)  # fmt: skip
def test_entries_that_an_export_does_not_have_are_refused(name: str, path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match=r"^.{20,}\.$"):
        program_of(with_entry(path, name, b"evil"), SHAPE)


def test_an_entry_that_is_there_twice_is_refused(path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="twice"):
        program_of(with_entry(path, "net/models/model.json", b"{}"), SHAPE)


def test_a_zip_bomb_is_refused_before_it_is_read(path: Path) -> None:
    entries = {**entries_of(path), "net/data/weights/weight_0": bytes(10**8)}
    archive_of(path, entries, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10**6
    with pytest.raises(InvalidCheckpoint, match="claims to hold"):
        program_of(path, SHAPE)


def test_more_text_than_is_read_is_refused(path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="at most"):
        program_of(with_bytes(path, MODEL, b" " * (33 * 2**20)), SHAPE)


@settings(max_examples=40)
@given(fraction=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_short_anywhere_is_refused(original: Path, fraction: float) -> None:
    data = original.read_bytes()
    cut = original.with_suffix(".cut")
    cut.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(InvalidCheckpoint, match=r"^.{20,}\.$"):
        program_of(cut, SHAPE)


def test_the_payloads_do_work(tmp_path: Path) -> None:
    """Else nothing would be proven by their not running."""
    pickle.loads(pickled(tmp_path / "marker"))
    assert (tmp_path / "marker").exists()
