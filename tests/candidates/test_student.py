import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from candidates.assembly import METADATA_KEY, Description, assemble
from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint, Tensor
from candidates.errors import InvalidCheckpoint
from candidates.library import make_candidates
from candidates.progress import silent
from candidates.student import build_student, load_student, student_checkpoint
from candidates.tensors import checkpoint_of, state_of
from tests.candidates.builders import (
    TINY,
    inputs_of,
    library,
    materials_of,
    network_of,
    teacher_of,
    weights_of,
)

REBUILD = """
import sys, torch
from candidates.checkpoint import Checkpoint, Tensor
from candidates.student import load_student
from candidates.tensors import checkpoint_of, state_of
torch.set_num_threads(1)
student, inputs, outputs = sys.argv[1:]
from pathlib import Path
images = state_of(Checkpoint.read(Path(inputs)))["images"]
with torch.inference_mode():
    logits = load_student(student)(images)
Path(outputs).write_bytes(checkpoint_of({"logits": logits}).to_bytes())
"""


@cache
def small() -> Checkpoint:
    """A student with the first and the last two neighbourhoods narrowed."""
    materials = materials_of(teacher_of(), library(multipliers=(0.5,)))
    parts, kept = [], Kept()
    for index in (0, 7, 8):
        neighbourhood = materials.teacher.split.neighbourhoods[index]
        half = make_candidates(materials, neighbourhood, lambda _identity: None, silent)[0]
        parts.append(half.weights)
        kept |= half.candidate.kept
    neighbourhoods = materials.teacher.split.neighbourhoods
    return assemble(weights_of(), TINY, neighbourhoods, parts, kept, {"strategy": "test"})


def changed(**changes: Any) -> Checkpoint:
    """The student with another description."""
    described = json.loads(small().metadata[METADATA_KEY])
    return Checkpoint(small().tensors, {METADATA_KEY: json.dumps({**described, **changes})})


def test_a_student_of_whole_widths_loads_into_the_teachers_own_class() -> None:
    whole = assemble(weights_of(), TINY, teacher_of().split.neighbourhoods, [], {}, {})
    network = network_of(TINY, seed=5)
    network.load_state_dict(state_of(whole), strict=True)
    assert torch.equal(network(inputs_of()), network_of(TINY)(inputs_of()))
    assert torch.equal(build_student(whole)(inputs_of()), network_of(TINY)(inputs_of()))


def test_a_student_keeps_the_teachers_names() -> None:
    assert build_student(small()).state_dict().keys() == network_of(TINY).state_dict().keys()


def test_another_process_rebuilds_the_student_from_its_file_alone(tmp_path: Path) -> None:
    student, images, logits = (tmp_path / name for name in ("student", "images", "logits"))
    student.write_bytes(small().to_bytes())
    images.write_bytes(checkpoint_of({"images": inputs_of()}).to_bytes())
    subprocess.run([sys.executable, "-c", REBUILD, student, images, logits], check=True)
    with torch.inference_mode():
        here = load_student(student)(inputs_of())
    assert torch.equal(state_of(Checkpoint.read(logits))["logits"], here)


def test_a_student_can_be_trained() -> None:
    network = build_student(small()).train()
    labels = torch.tensor([0, 1, 2, 0])
    optimiser = torch.optim.SGD(network.parameters(), 0.01)
    losses = []
    for _ in range(5):
        loss = functional.cross_entropy(network(inputs_of()), labels)
        optimiser.zero_grad()
        loss.backward()
        assert all(parameter.grad is not None for parameter in network.parameters())
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


def test_a_student_is_in_eval_mode() -> None:
    assert not build_student(small()).training


def test_a_trained_student_is_a_student_file_again() -> None:
    network = build_student(small())
    description = Description.of(small())
    again = student_checkpoint(network, description)
    assert Description.of(again) == description
    assert again.digest(again.tensors) == small().digest(small().tensors)


def widths_with(module: str, **counts: int) -> dict[str, dict[str, int]]:
    known = json.loads(small().metadata[METADATA_KEY])["widths"]
    return {**known, module: counts}


@pytest.mark.parametrize(
    "widths",
    [
        {},
        widths_with("layer1.0.conv1", out=3),
        widths_with("layer1.0.conv1", out=17),
        widths_with("layer1.0.conv1", out=-1),
        widths_with("layer1.0.conv1", out=0),
        widths_with("layer1.0.conv1", out=10**30),
        widths_with("layer1.0.conv1", out=10**17),
        widths_with("layer9.conv1", out=8),
        widths_with("", **{"in": 8}),
        widths_with("layer1.0.bn1", **{"in": 8}),
        widths_with("layer1.0.relu1", **{"in": 8}),
    ],
    ids=["none", "fewer", "more", "negative", "zero", "overflow", "huge", "unknown", "root",
         "norm", "relu"],
)  # fmt: skip
def test_widths_that_do_not_fit_the_weights_are_refused(widths: dict[str, Any]) -> None:
    with pytest.raises(InvalidCheckpoint) as caught:
        build_student(changed(widths=widths))
    assert str(caught.value).endswith(".")


def test_a_student_that_fits_its_description_but_cannot_run_is_refused() -> None:
    """The BatchNorm is narrower than the convolution before it, in the JSON and in the tensors."""
    file = changed(widths=widths_with("layer1.0.bn1", out=3))
    narrow = {
        name: Tensor("F32", (3,), bytes(12))
        for name, tensor in file.tensors.items()
        if name.startswith("layer1.0.bn1.") and tensor.shape
    }
    with pytest.raises(InvalidCheckpoint, match="do not suit"):
        build_student(Checkpoint({**file.tensors, **narrow}, file.metadata))


def test_a_student_without_its_description_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="not a student"):
        build_student(Checkpoint(small().tensors))


def test_an_extra_key_is_named() -> None:
    tensors = {**small().tensors, "extra": small().tensors["fc.bias"]}
    with pytest.raises(InvalidCheckpoint, match="'extra' does not belong"):
        build_student(Checkpoint(tensors, small().metadata))


def test_a_missing_key_is_named() -> None:
    tensors = {name: t for name, t in small().tensors.items() if name != "layer3.2.conv1.weight"}
    with pytest.raises(InvalidCheckpoint, match=r"'layer3\.2\.conv1\.weight' is missing"):
        build_student(Checkpoint(tensors, small().metadata))


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "student"
    path.write_bytes(small().to_bytes()[:-1])
    with pytest.raises(InvalidCheckpoint, match="truncated"):
        load_student(path)
