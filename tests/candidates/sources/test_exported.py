"""Networks that come as `.pt2` files."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from candidates.errors import InvalidCheckpoint, InvalidProgram, UnsplittableTeacher
from candidates.graph.program import Training
from candidates.graph.trace import BATCH_SIZE, trace
from candidates.sources.exported import program_of, read_exported
from tests.candidates.exports import (
    SHAPE,
    Convolutions,
    Tokens,
    exported,
    runs_like,
    seeded,
)

NETWORKS = [Convolutions, Tokens]


@pytest.mark.parametrize("kind", NETWORKS)
def test_an_export_for_any_number_of_images_gives_what_the_module_gives(
    kind: type[nn.Module], tmp_path: Path
) -> None:
    network = seeded(kind)
    traced = program_of(exported(network, tmp_path / "net.pt2"), SHAPE)
    assert runs_like(traced, network)
    assert set(traced.tensors) >= set(dict(network.named_parameters()))


def test_an_export_is_the_program_that_a_trace_gives(tmp_path: Path) -> None:
    network = seeded(Convolutions)
    traced = program_of(exported(network, tmp_path / "net.pt2"), SHAPE)
    assert traced.program == trace(network, SHAPE).program


def test_batch_norm_and_dropout_can_train_again(tmp_path: Path) -> None:
    program = program_of(exported(seeded(Convolutions), tmp_path / "net.pt2"), SHAPE).program
    modes = {call.operator for call in program.calls if Training() in call.arguments}
    assert modes == {"batch_norm.default", "dropout.default"}


def test_calls_know_the_modules_that_they_come_from(tmp_path: Path) -> None:
    program = program_of(exported(seeded(Tokens), tmp_path / "net.pt2"), SHAPE).program
    assert {call.scope for call in program.calls} >= {"", "patches", "attention", "norm", "head"}


def test_an_export_for_the_traces_batch_is_read_as_it_is(tmp_path: Path) -> None:
    path = exported(seeded(Tokens), tmp_path / "net.pt2", BATCH_SIZE, any_number=False)
    assert read_exported(path, SHAPE).batch_size == BATCH_SIZE
    assert runs_like(program_of(path, SHAPE), seeded(Tokens))


@pytest.mark.parametrize("num_images", [1, 2, 3])
@pytest.mark.parametrize("kind", NETWORKS)
def test_an_export_for_a_fixed_number_of_images_is_made_one_for_any(
    kind: type[nn.Module], num_images: int, tmp_path: Path
) -> None:
    network = seeded(kind)
    path = exported(network, tmp_path / "net.pt2", num_images, any_number=False)
    assert read_exported(path, SHAPE).batch_size == num_images
    assert runs_like(program_of(path, SHAPE), network)


class Mixing(nn.Module):
    """Each image sees the mean of all."""

    def forward(self, images: Tensor) -> Tensor:
        return (images + images.mean(0, keepdim=True)).flatten(1)


def test_a_fixed_number_of_images_that_depend_on_each_other_is_refused(tmp_path: Path) -> None:
    path = exported(Mixing().eval(), tmp_path / "net.pt2", 2, any_number=False)
    with pytest.raises(UnsplittableTeacher, match="dynamic_shapes"):
        program_of(path, SHAPE)


def test_an_export_in_train_mode_is_refused(tmp_path: Path) -> None:
    path = exported(seeded(Convolutions).train(), tmp_path / "net.pt2")
    with pytest.raises(UnsplittableTeacher, match=r"model\.eval\(\)"):
        program_of(path, SHAPE)


def test_another_image_size_than_that_of_the_export_is_refused(tmp_path: Path) -> None:
    path = exported(seeded(Convolutions), tmp_path / "net.pt2")
    with pytest.raises(InvalidProgram, match=r"\[any, 3, 8, 8\]|\['any', 3, 8, 8\]"):
        program_of(path, (3, 16, 16))


class TwoInputs(nn.Module):
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first + second


def test_a_network_of_two_inputs_is_refused(tmp_path: Path) -> None:
    inputs = (torch.ones(2, 3), torch.ones(2, 3))
    torch.export.save(torch.export.export(TwoInputs(), inputs), tmp_path / "net.pt2")
    with pytest.raises(UnsplittableTeacher, match="one tensor of images"):
        program_of(tmp_path / "net.pt2", (3,))


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.pt2").write_bytes(b"something else")
    with pytest.raises(InvalidCheckpoint, match=r"torch\.export\.save"):
        program_of(tmp_path / "net.pt2", SHAPE)
