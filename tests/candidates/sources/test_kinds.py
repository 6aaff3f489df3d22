import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from candidates.errors import InvalidCheckpoint
from candidates.sources.kinds import kind_of
from candidates.sources.state_dicts import read_state_dict
from tests.candidates.exports import Small, exported, seeded
from tests.candidates.hostile import archive_of, entries_of


@pytest.fixture
def script(tmp_path: Path) -> Path:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.trace(network, torch.rand(1, 3, 8, 8)), tmp_path / "net.pt")
    return tmp_path / "net.pt"


def test_torch_script_is_told_from_other_archives_though_it_is_compressed(script: Path) -> None:
    with zipfile.ZipFile(script) as archive:
        assert any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist())
    with pytest.raises(InvalidCheckpoint, match=r"TorchScript.*torch\.export\.save"):
        kind_of(script)
    with pytest.raises(InvalidCheckpoint, match=r"TorchScript.*torch\.export\.save"):
        read_state_dict(script)


def test_archives_of_torch_are_told_apart(tmp_path: Path) -> None:
    torch.save(seeded(Small).state_dict(), tmp_path / "w.pth")
    assert kind_of(tmp_path / "w.pth") == "state_dict"
    assert kind_of(exported(seeded(Small), tmp_path / "net.pt2")) == "exported"


@pytest.mark.parametrize("name", ["w/data/0", "w/models/model.json"])
def test_a_zip_bomb_is_refused_whatever_it_is(name: str, tmp_path: Path) -> None:
    torch.save(seeded(Small).state_dict(), tmp_path / "w.pth")
    bomb = {**entries_of(tmp_path / "w.pth"), name: bytes(10**8)}
    with pytest.raises(InvalidCheckpoint, match="claims to hold"):
        kind_of(archive_of(tmp_path / "w.pth", bomb, zipfile.ZIP_DEFLATED))


class OfSomebody(nn.Module):
    """A class that only its author has."""


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize(
    ("saved", "name"),
    [
        (OfSomebody(), f"{__name__}.OfSomebody"),
        (nn.Sequential(nn.Linear(2, 2)), "torch.nn.modules.container.Sequential"),
        ({"epoch": 3, "model": OfSomebody()}, f"{__name__}.OfSomebody"),
    ],
    ids=["own", "torchs", "nested"],
)
def test_a_pickled_network_is_refused_by_its_class_with_the_ways_to_convert_it(
    saved: object, name: str, is_zip: bool, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(saved, tmp_path / "net.pth", _use_new_zipfile_serialization=is_zip)
    with pytest.raises(InvalidCheckpoint, match=rf"'{name}'.*torch\.export\.save.*push") as caught:
        kind_of(tmp_path / "net.pth")
    assert "was not opened" in str(caught.value)


def test_the_class_is_told_whatever_the_pickles_protocol(tmp_path: Path) -> None:
    torch.save(OfSomebody(), tmp_path / "net.pth", pickle_protocol=4)
    with pytest.raises(InvalidCheckpoint, match="OfSomebody"):
        kind_of(tmp_path / "net.pth")


@pytest.mark.parametrize(("is_zip", "protocol"), [(True, 2), (True, 4), (False, 2)])
def test_checkpoints_of_tensors_are_no_pickled_networks(
    is_zip: bool, protocol: int, tmp_path: Path
) -> None:
    state = seeded(Small).state_dict()
    value = {"model": state, "best": nn.Parameter(torch.ones(2)), "of": torch.float16, "epoch": 3}
    torch.save(
        value, tmp_path / "w.pth", pickle_protocol=protocol, _use_new_zipfile_serialization=is_zip
    )
    assert kind_of(tmp_path / "w.pth") == "state_dict"
