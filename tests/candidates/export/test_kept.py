"""Files that are out in the world are still read, and give the logits that they gave then."""

import json

import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from candidates.assembly import METADATA_KEY, description_of
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint
from candidates.export import formats
from candidates.student import load_student
from candidates.tensors import state_of
from tests.candidates.export.keep import KEPT
from tests.candidates.export.test_to_python import module_at

STUDENT = KEPT / "student.safetensors"


@pytest.fixture
def kept() -> dict[str, Tensor]:
    """Images and their logits."""
    return state_of(Checkpoint.read(KEPT / "expected.safetensors"))


def test_students_are_read(kept: dict[str, Tensor]) -> None:
    with torch.no_grad():
        torch.testing.assert_close(load_student(STUDENT)(kept["images"]), kept["logits"])


def test_python_files_run_on_their_weights(kept: dict[str, Tensor]) -> None:
    student = module_at(KEPT / "student.py").load(STUDENT)
    with torch.no_grad():
        torch.testing.assert_close(student(kept["images"]), kept["logits"])


def test_archives_of_torch_are_loaded(kept: dict[str, Tensor]) -> None:
    about = {formats.METADATA_KEY: ""}
    student = torch.export.load(KEPT / "student.pt2", extra_files=about).module()
    assert json.loads(about[formats.METADATA_KEY])["format"] == 1
    torch.testing.assert_close(student(kept["images"]), kept["logits"])


def test_onnx_files_are_run(kept: dict[str, Tensor]) -> None:
    path = KEPT / "student.onnx"
    metadata = {each.key: each.value for each in onnx.load(path).metadata_props}
    assert json.loads(metadata[formats.METADATA_KEY])["format"] == 1
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"images": kept["images"].numpy()})
    torch.testing.assert_close(torch.from_numpy(logits), kept["logits"])


@pytest.mark.parametrize("version", [3, 17])
def test_a_newer_version_is_refused_with_a_sentence(version: int) -> None:
    student = Checkpoint.read(STUDENT)
    told = json.loads(student.metadata[METADATA_KEY]) | {"format": version, "from": "the future"}
    newer = Checkpoint(student.tensors, {**student.metadata, METADATA_KEY: json.dumps(told)})
    with pytest.raises(InvalidCheckpoint, match=f"of format {version}, which a newer version"):
        description_of(newer)


def test_an_older_version_is_refused_at_its_field() -> None:
    student = Checkpoint.read(STUDENT)
    told = json.loads(student.metadata[METADATA_KEY]) | {"format": 1}
    older = Checkpoint(student.tensors, {**student.metadata, METADATA_KEY: json.dumps(told)})
    with pytest.raises(InvalidCheckpoint, match="wrong at 'format'"):
        description_of(older)
