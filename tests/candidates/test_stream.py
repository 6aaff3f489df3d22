import pytest
import torch
from torch import Tensor, nn

from candidates.data import normalised
from candidates.stream import Stream
from tests.candidates.builders import TINY, images_of

IMAGES = images_of(count=150)
LIMITS = [0, 10_000, 700_000, 10**9]


class Counted(nn.Module):
    """Doubles its input, and counts the images that it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def forward(self, values: Tensor) -> Tensor:
        self.seen += len(values)
        return torch.cat([values, values], 1)


def stream_of(limit: int) -> Stream:
    return Stream(IMAGES, TINY.preprocessing, limit)


@pytest.mark.parametrize("limit", LIMITS)
def test_any_limit_gives_the_same_batches(limit: int) -> None:
    ahead = stream_of(limit).advanced(nn.ReLU()).advanced(Counted()).advanced(nn.Flatten())
    inputs = normalised(IMAGES.images, TINY.preprocessing).relu()
    batches = list(ahead)
    assert [len(batch) for batch in batches] == [128, 22]
    assert torch.equal(torch.cat(batches), torch.cat([inputs, inputs], 1).flatten(1))


@pytest.mark.parametrize("limit", LIMITS)
def test_any_images_may_be_asked_for_in_any_order(limit: int) -> None:
    ahead = stream_of(limit).advanced(Counted())
    index = torch.tensor([149, 3, 3, 0])
    assert torch.equal(ahead.at(index), torch.cat(list(ahead))[index])
    assert torch.equal(ahead.at(slice(5, 7)), torch.cat(list(ahead))[5:7])


@pytest.mark.parametrize("limit", LIMITS)
def test_moving_on_leaves_the_old_stream_where_it_was(limit: int) -> None:
    here = stream_of(limit).advanced(nn.ReLU())
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
