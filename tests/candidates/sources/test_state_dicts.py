"""State dicts in torch's own format, honest and hostile."""

import collections
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from candidates.errors import InvalidCheckpoint
from candidates.sources.state_dicts import read_state_dict
from tests.candidates.exports import Small, seeded
from tests.candidates.hostile import archive_of, entries_of, pickled, with_bytes, with_entry

STATE: dict[str, Tensor] = seeded(Small).state_dict()


def saved(value: object, path: Path) -> Path:
    torch.save(value, path)
    return path


def prefixed(prefix: str) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in STATE.items()}


@pytest.mark.parametrize(
    "value",
    [
        STATE,
        dict(STATE),
        {"state_dict": STATE, "epoch": 3, "optimizer": {"lr": 0.1}},
        {"model": STATE},
        {"model_state_dict": {"model": STATE}},
        {"ema": STATE},
        prefixed("module."),
        {"model": prefixed("_orig_mod.module.")},
        {name: nn.Parameter(value) for name, value in STATE.items()},
    ],
    ids=["state", "dict", "state_dict", "model", "twice", "ema", "module", "compiled", "parameter"],
)
def test_state_dicts_are_found_wherever_training_scripts_put_them(
    value: object, tmp_path: Path
) -> None:
    tensors = read_state_dict(saved(value, tmp_path / "w.pth"))
    assert tensors.keys() == STATE.keys()
    assert all(torch.equal(tensors[name], STATE[name]) for name in STATE)


def test_files_of_old_versions_of_torch_are_read(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    assert read_state_dict(tmp_path / "w.pth").keys() == STATE.keys()


@pytest.mark.parametrize(
    "value",
    [
        seeded(Small),
        {"model": seeded(Small)},
        {"fc.weight": STATE["fc.weight"], "count": 3},
        {"fc.weight": [1.0, 2.0]},
        [STATE],
        STATE["fc.weight"],
        {"fc.weight": torch.eye(3).to_sparse()},
        {"fc.weight": torch.ones(1).expand(10**12)},
        {"fc.weight": torch.ones(2, dtype=torch.complex64)},
        collections.Counter("abc"),
    ],
    ids=[
        "module", "nested module", "number", "list", "list of states", "tensor", "sparse",
        "repeated", "complex", "other mapping",
    ],
)  # fmt: skip
def test_anything_but_plain_tensors_is_refused(value: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match=r"torch\.save"):
        read_state_dict(saved(value, tmp_path / "w.pth"))


def test_nan_is_refused_by_name(tmp_path: Path) -> None:
    path = saved({"fc.weight": torch.tensor([1.0, torch.nan])}, tmp_path / "w.pth")
    with pytest.raises(InvalidCheckpoint, match=r"'fc\.weight' holds NaN"):
        read_state_dict(path)


def test_code_in_a_pickle_never_runs(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = with_bytes(saved(STATE, tmp_path / "w.pth"), "data.pkl", pickled(marker, protocol=2))
    with pytest.raises(InvalidCheckpoint, match="nothing was run"):
        read_state_dict(path)
    (tmp_path / "plain.pth").write_bytes(pickled(marker))
    with pytest.raises(InvalidCheckpoint, match="no state dict"):
        read_state_dict(tmp_path / "plain.pth")
    assert not marker.exists()


@pytest.mark.parametrize("name", ["w/constants.pkl", "w/code/__torch__.py"])
def test_torch_script_is_refused_with_the_way_to_convert_it(name: str, tmp_path: Path) -> None:
    path = with_entry(saved(STATE, tmp_path / "w.pth"), name, pickle.dumps(()))
    with pytest.raises(InvalidCheckpoint, match=r"TorchScript.*torch\.export\.save"):
        read_state_dict(path)


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    path = saved(STATE, tmp_path / "w.pth")
    archive_of(path, {**entries_of(path), "w/data/0": bytes(10**8)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(InvalidCheckpoint, match="claims to hold"):
        read_state_dict(path)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(STATE, tmp_path_factory.mktemp("states") / "w.pth")


@settings(max_examples=40)
@given(fraction=st.floats(0, 1, exclude_max=True))
def test_files_that_were_cut_short_anywhere_are_refused(original: Path, fraction: float) -> None:
    data = original.read_bytes()
    cut = Path(shutil.copy(original, original.with_suffix(".cut")))
    cut.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(InvalidCheckpoint, match=r"^.{20,}\.$"):
        read_state_dict(cut)


@settings(max_examples=40)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_files_with_a_flipped_bit_are_read_or_refused(
    original: Path, place: float, bit: int
) -> None:
    data = bytearray(original.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path = original.with_suffix(".flipped")
    path.write_bytes(data)
    try:
        tensors = read_state_dict(path)
    except InvalidCheckpoint:
        return
    assert tensors
