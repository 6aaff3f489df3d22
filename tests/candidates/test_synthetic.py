from pathlib import Path

import pytest
import torch
from torch import nn

from candidates.data import normalised
from candidates.errors import InvalidRecipe, NonFiniteActivation
from candidates.match import Match
from candidates.progress import silent
from candidates.savings import Savings
from candidates.sources.allowed import check_images
from candidates.synthetic import first_images, quantised, synthesise, synthetic_dataset
from tests.candidates.builders import TINY, library, teacher_from, teacher_of

TEACHER = teacher_of()
MATCHED = library(inputs="matched", synthetic_images=96, synthetic_steps=2)


def plain() -> nn.Module:
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(64, 3)
    return nn.Sequential(*layers).eval()


def test_steps_bring_the_statistics_nearer() -> None:
    match = Match(TEACHER.network)
    losses = []
    for steps in (0, 15):
        images = synthesise(TEACHER, 64, steps, 0, silent)
        losses.append(float(match.loss(normalised(images, TINY.preprocessing))))
    assert losses[1] < 0.8 * losses[0]


def test_the_same_seed_gives_the_same_images_and_the_teacher_stays_as_it_was() -> None:
    before = TEACHER.checkpoint.digest(TEACHER.checkpoint.tensors)
    first = synthesise(TEACHER, 8, 2, 5, silent)
    assert torch.equal(first, synthesise(TEACHER, 8, 2, 5, silent))
    assert not torch.equal(first, synthesise(TEACHER, 8, 2, 6, silent))
    assert teacher_of().checkpoint.digest(TEACHER.checkpoint.tensors) == before
    assert all(weight.grad is None for weight in TEACHER.network.parameters())


def test_every_image_of_a_long_row_is_its_own() -> None:
    images = synthesise(TEACHER, 300, 0, 0, silent)
    assert len(torch.unique(images.flatten(1), dim=0)) == 300


@pytest.mark.parametrize("inputs", ["matched", "gaussian"])
def test_a_dataset_is_made_of_the_teacher_alone(inputs: str) -> None:
    dataset = synthetic_dataset(TEACHER, MATCHED.model_copy(update={"inputs": inputs}), silent)
    assert [len(part) for part in (dataset.calibration, dataset.scoring, dataset.reporting)] == [
        64, 16, 16,
    ]  # fmt: skip
    images = dataset.scoring
    assert images.images.dtype == torch.uint8
    check_images(TINY, 3, images.images.shape[1:], len(images.classes))
    logits = TEACHER.network(normalised(images.images, TINY.preprocessing))
    assert torch.equal(images.labels, logits.argmax(1))


def test_gaussian_images_are_standard_normal_as_far_as_pixels_go() -> None:
    recipe = library(inputs="gaussian", synthetic_images=96)
    images = synthetic_dataset(TEACHER, recipe, silent).calibration.images
    assert abs(float(normalised(images, TINY.preprocessing).mean())) < 0.1


def test_a_teacher_without_batch_norm_cannot_be_matched() -> None:
    with pytest.raises(InvalidRecipe, match="only to a teacher that has BatchNorms"):
        synthetic_dataset(teacher_from(plain()), MATCHED, silent)


def test_progress_counts_every_step_and_may_stop_the_work() -> None:
    seen: list[tuple[int, int]] = []
    synthesise(TEACHER, 300, 1, 0, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(TEACHER, 8, 1, 0, stop)


@pytest.mark.parametrize("killed_after", [1, 2, 3, 4, 5])
def test_a_killed_run_goes_on_to_the_same_images(tmp_path: Path, killed_after: int) -> None:
    """Of two batches of three steps; what was done since the last saving is done again."""
    savings = Savings(tmp_path / "state", 2, "test")
    seen: list[int] = []

    def kill(done: int, _total: int) -> None:
        seen.append(done)
        if len(seen) == killed_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(TEACHER, 260, 3, 1, kill, savings)
    images = synthesise(TEACHER, 260, 3, 1, lambda done, _: seen.append(done), savings)
    assert torch.equal(images, synthesise(TEACHER, 260, 3, 1, silent))
    assert len(seen) - 6 <= 1


def test_nan_in_the_teacher_is_named() -> None:
    teacher = teacher_of()
    teacher.network.tensors()["layer2.0.conv1.weight"].data.fill_(torch.nan)
    with pytest.raises(NonFiniteActivation, match=r"layer2\.0\.conv1"):
        synthesise(teacher, 4, 1, 0, silent)


def test_pixels_survive_the_way_to_the_network_and_back() -> None:
    pixels = torch.arange(256, dtype=torch.uint8).reshape(4, 1, 8, 8)
    assert torch.equal(
        quantised(normalised(pixels, TINY.preprocessing), TINY.preprocessing), pixels
    )


def test_first_images_have_long_waves() -> None:
    images = first_images(16, (3, 16, 16), torch.Generator().manual_seed(0))
    steps = (images - images.roll(1, 3))[..., 1:].square().mean()
    assert float(steps) < 0.5 * float(images.var())
    assert torch.isfinite(images).all()
