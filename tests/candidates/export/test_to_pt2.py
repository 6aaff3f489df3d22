"""Students as archives of torch.export, which are loaded without this project's code."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from candidates.checkpoint import Checkpoint
from candidates.export.formats import METADATA_KEY
from candidates.export.to_pt2 import pt2_bytes
from candidates.sources.vision import models
from tests.candidates.export.students import images, student_of

SHAPE = (3, 32, 32)
LOAD = """
import torch
network = torch.export.load("student.pt2").module()
print(tuple(network(torch.rand(5, 3, 32, 32)).shape), len(network.state_dict()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small"])
def test_it_computes_the_same_for_any_number_of_images(name: str) -> None:
    checkpoint, network = student_of(getattr(models, name)(num_classes=4), SHAPE)
    about = {METADATA_KEY: ""}
    exported = torch.export.load(io.BytesIO(pt2_bytes(checkpoint)), extra_files=about)
    with torch.no_grad():
        for count in (1, 2, 5):
            values = images(SHAPE, count)
            assert torch.equal(exported.module()(values), network(values))
    assert exported.state_dict.keys() == network.state_dict().keys()
    assert json.loads(about[METADATA_KEY])["format"] == 1


@pytest.mark.slow
def test_it_is_loaded_by_torch_alone(tmp_path: Path) -> None:
    checkpoint, network = student_of(models.resnet18(num_classes=4), SHAPE)
    (tmp_path / "student.pt2").write_bytes(pt2_bytes(checkpoint))
    command = [sys.executable, "-I", "-W", "ignore", "-c", LOAD]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == f"(5, 4) {len(network.state_dict())}\n", done.stderr


def test_equal_students_give_equal_files() -> None:
    checkpoint, _ = student_of(models.resnet18(num_classes=4), SHAPE)
    again = Checkpoint.from_bytes(checkpoint.to_bytes())
    assert pt2_bytes(checkpoint) == pt2_bytes(again)


def test_it_does_not_tell_where_it_was_made() -> None:
    checkpoint, _ = student_of(models.resnet18(num_classes=4), SHAPE)
    archive = zipfile.ZipFile(io.BytesIO(pt2_bytes(checkpoint)))
    folder = str(Path(torch.__file__).parent).encode(), str(Path(__file__).parents[3]).encode()
    for name in archive.namelist():
        assert not any(each in archive.read(name) for each in folder), name
