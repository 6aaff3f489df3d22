import tempfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from candidates.data import ImageSet, normalised
from candidates.errors import NonFiniteActivation
from candidates.spill import Room
from candidates.stream import Stream
from tests.candidates.builders import TINY, images_of, library, traced

IMAGES = images_of(count=150)
LIMITS = [(0, 0), (10_000, 0), (700_000, 0), (10**9, 0), (0, 10**9), (0, 50_000), (50_000, 10**9)]
"""Bytes in memory, bytes on disk."""


class Counted(nn.Module):
    """Doubles its input, and counts the images that it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def forward(self, values: Tensor) -> Tensor:
        self.seen += len(values)
        return torch.cat([values, values], 1)


def stream_of(limit: int, on_disk: int = 0) -> Stream:
    return Stream(IMAGES, TINY.preprocessing, limit, Room(Path(tempfile.gettempdir()), on_disk))


@pytest.mark.parametrize("limits", LIMITS)
def test_any_limit_gives_the_same_batches(limits: tuple[int, int]) -> None:
    ahead = stream_of(*limits).advanced(nn.ReLU()).advanced(Counted()).advanced(nn.Flatten())
    inputs = normalised(IMAGES.images, TINY.preprocessing).relu()
    batches = list(ahead)
    assert [len(batch) for batch in batches] == [128, 22]
    assert torch.equal(torch.cat(batches), torch.cat([inputs, inputs], 1).flatten(1))


@pytest.mark.parametrize("limits", LIMITS)
def test_any_images_may_be_asked_for_in_any_order(limits: tuple[int, int]) -> None:
    ahead = stream_of(*limits).advanced(Counted())
    index = torch.tensor([149, 3, 3, 0])
    assert torch.equal(ahead.at(index), torch.cat(list(ahead))[index])
    assert torch.equal(ahead.at(slice(5, 7)), torch.cat(list(ahead))[5:7])


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("count", [5, 130, 1000])
def test_the_first_images_may_be_taken_alone(limits: tuple[int, int], count: int) -> None:
    here = stream_of(*limits)
    for ahead in (here, here.advanced(Counted())):
        few = ahead.first(count)
        assert len(few) == min(count, len(IMAGES))
        whole = torch.cat(list(ahead))[:count]
        assert torch.equal(torch.cat(list(few)), whole)
        assert torch.equal(few.at(slice(0, 2000)), whole)
        further = few.advanced(nn.ReLU())
        assert torch.equal(torch.cat(list(further)), whole.relu())


@pytest.mark.parametrize("count", [5, 1000])
def test_the_first_of_what_lies_on_disk_stay_there(count: int) -> None:
    few = stream_of(0, 10**9).advanced(Counted()).first(count)
    assert few.kept_bytes == 0


@pytest.mark.parametrize("limits", LIMITS)
def test_moving_on_leaves_the_old_stream_where_it_was(limits: tuple[int, int]) -> None:
    here = stream_of(*limits).advanced(nn.ReLU())
    before = torch.cat(list(here))
    here.advanced(Counted())
    assert torch.equal(torch.cat(list(here)), before)


def test_what_fits_is_computed_once() -> None:
    part = Counted()
    ahead = stream_of(10**9).advanced(part)
    seen = part.seen
    list(ahead)
    assert part.seen == seen


def test_what_does_not_fit_is_computed_at_every_reading() -> None:
    part = Counted()
    ahead = stream_of(0).advanced(part)
    seen = part.seen
    list(ahead)
    list(ahead)
    assert part.seen == seen + 2 * len(IMAGES)


def test_old_and_new_together_stay_below_the_limit() -> None:
    old, new = IMAGES.images.numel(), 2 * 4 * IMAGES.images.numel()
    for limit, computed_again in ((old + new, False), (old + new - 1, True)):
        part = Counted()
        ahead = stream_of(limit).advanced(part)
        seen = part.seen
        list(ahead)
        assert (part.seen > seen) == computed_again


def test_activations_carry_no_gradient() -> None:
    layer = nn.Conv2d(1, 1, 1)
    assert not stream_of(0).advanced(layer).at(slice(0, 2)).requires_grad


def test_the_first_cut_gives_normalised_images() -> None:
    expected = normalised(IMAGES.images, TINY.preprocessing)
    assert torch.equal(torch.cat(list(stream_of(0))), expected)
    assert len(stream_of(0)) == 150


def test_what_does_not_fit_in_memory_is_kept_on_disk_and_computed_once() -> None:
    part = Counted()
    ahead = stream_of(0, 10**9).advanced(part)
    seen = part.seen
    assert torch.equal(
        torch.cat(list(ahead)), torch.cat(list(stream_of(10**9).advanced(Counted())))
    )
    assert part.seen == seen


def test_old_and_new_together_stay_below_the_limit_on_disk() -> None:
    old, new = 4 * IMAGES.images.numel(), 2 * 4 * IMAGES.images.numel()
    for limit, computed_again in ((old + new, False), (old + new - 1, True)):
        part = Counted()
        ahead = stream_of(0, limit).advanced(nn.ReLU()).advanced(part)
        seen = part.seen
        list(ahead)
        assert (part.seen > seen) == computed_again


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    ahead = Stream(IMAGES, TINY.preprocessing, 0, Room(tmp_path, 10**9)).advanced(nn.ReLU())
    assert list(tmp_path.iterdir()) == []
    assert len(list(ahead)) == 2


def test_a_recipe_sets_both_limits() -> None:
    stream = Stream.of(IMAGES, TINY.preprocessing, library(memory_limit_mb=64, spill_mb=3))
    assert (stream.limit_bytes, stream.room.limit_bytes) == (64 * 2**20, 3 * 2**20)


def test_large_images_come_in_small_batches() -> None:
    images = torch.zeros(30, 3, 224, 224, dtype=torch.uint8)
    stream = Stream(ImageSet(images, torch.zeros(30), ("a",)), TINY.preprocessing, 0)
    assert stream.batch_size == 13


def test_nan_in_activations_names_the_module_at_any_cut() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3))
    nn.init.constant_(network[2].weight, torch.nan)
    with pytest.raises(NonFiniteActivation, match="Module '2' computes NaN or Inf"):
        stream_of(0).advanced(traced(network))
