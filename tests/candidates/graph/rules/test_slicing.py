import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.candidates.graph.rules.harness import (
    Classifier,
    conv,
    keeps_whole,
    pooled,
    shrinks_exactly,
)


def of_one(body, channels=8):
    return Classifier(lambda net, x: pooled(body(net.one(x))), one=conv(3, channels))


CUTS = {
    "chunks swapped": (lambda x: torch.cat(x.chunk(2, 1)[::-1], 1), [4, 4]),
    "pieces of three": (lambda x: torch.cat(x.split(3, 1)[::2], 1), [2, 3, 3]),
    "pieces of given sizes": (lambda x: torch.cat(x.split([1, 5, 2], 1)[1:], 1), [2, 5]),
    "a range": (lambda x: x[:, 2:7], [2, 5]),
    "from the end": (lambda x: x[:, -3:], [3, 5]),
    "up to the end": (lambda x: x[:, :-3], [3, 5]),
    "narrowed": (lambda x: x.narrow(1, 3, 4), [3, 4]),
    "overlapping ranges": (lambda x: torch.cat([x[:, :6], x[:, 2:]], 1), [2, 2, 4]),
    "halves added": (lambda x: x[:, :4] + x[:, 4:], [4]),
    "gated": (lambda x: functional.glu(x, 1), [4]),
    "ranges of groups": (lambda x: x.view(-1, 4, 2, 8, 8)[:, 1:].flatten(1, 2), [2, 3, 6]),
    "stacked and flat": (lambda x: torch.stack([x, -x], 2).flatten(1, 2), [8]),
    "stacked apart": (lambda x: torch.stack([x, x.relu()], -1).mean(-1), [8]),
    "a mean of parts": (lambda x: sum(x.view(-1, 2, 4, 8, 8).unbind(1)), [4]),
}  # fmt: skip


@pytest.mark.parametrize(("body", "sizes"), CUTS.values(), ids=CUTS)
def test_ranges_of_channels_shrink_on_their_own(body, sizes):
    found = shrinks_exactly(of_one(body), trials=8)
    assert set(found.sizes().values()) <= set(sizes)


FIXED = {
    "in steps": lambda x: torch.cat([x[:, ::2], x[:, 1::2]], 1),
    "single": lambda x: x[:, 3:4] + x.select(1, 0)[:, None],
    "one by one": lambda x: torch.stack(x.unbind(1)[::-1], 1),
    "looked up": lambda x: x[:, torch.tensor([3, 1, 2])],
    "selected": lambda x: x.index_select(1, torch.tensor([3, 1])),
    "windows": lambda x: x.unfold(1, 3, 2).amax(-1),
    "sorted": lambda x: x.sort(1)[0],
}  # fmt: skip


@pytest.mark.parametrize("body", FIXED.values(), ids=FIXED)
def test_single_channels_that_are_picked_stay(body):
    keeps_whole(of_one(body))


def test_gathered_channels_stay_while_those_that_they_become_may_go():
    places = torch.zeros(1, 2, 8, 8).long()
    found = shrinks_exactly(of_one(lambda x: x.gather(1, places.expand(len(x), -1, -1, -1))))
    assert found.sizes() == {"head": 2}


PLACES = {
    "steps": lambda x: x[:, :, ::2, 1::2],
    "one": lambda x: x[:, :, 0, -1][:, :, None, None],
    "looked up": lambda x: x[:, :, torch.tensor([1, 2])],
    "two looked up": lambda x: x[:, :, torch.tensor([1, 2]), torch.tensor([0, 3])][..., None],
    "apart looked up": lambda x: x.permute(0, 2, 1, 3)[:, torch.tensor([1]), :, torch.tensor([2])]
        .permute(1, 2, 0)[..., None],
    "windows": lambda x: x.unfold(2, 2, 2)[..., 0],
    "gathered": lambda x: x.gather(2, torch.zeros(1, 1, 1, 8).long().expand(len(x), 8, 1, 8)),
}  # fmt: skip


@pytest.mark.parametrize("body", PLACES.values(), ids=PLACES)
def test_picked_places_leave_channels_free(body):
    assert 8 in shrinks_exactly(of_one(body)).sizes().values()


def test_concatenated_branches_shrink_each_on_its_own():
    net = Classifier(
        lambda net, x: pooled(net.three(torch.cat([net.one(x), x, net.two(x)], 1))),
        one=conv(3, 4), two=conv(3, 6), three=conv(13, 5),
    )  # fmt: skip
    found = shrinks_exactly(net, trials=6)
    assert found.sizes() == {"one": 4, "two": 6, "three": 5}
    assert found.width("two").consumers == ("conv2d_2",)


def test_what_is_concatenated_from_the_same_source_keeps_the_same():
    net = Classifier(
        lambda net, x: pooled(net.two(torch.cat([net.one(x), net.one(x).relu()], 1))),
        one=conv(3, 4), two=conv(8, 5),
    )  # fmt: skip
    assert shrinks_exactly(net, trials=6).sizes() == {"one": 4, "two": 5}


def test_sums_with_other_boundaries_shrink_between_all_of_them():
    net = Classifier(
        lambda net, x: pooled(
            torch.cat([net.one(x), net.two(x)], 1) + torch.cat([net.three(x), net.four(x)], 1)
        ),
        one=conv(3, 3), two=conv(3, 5), three=conv(3, 6), four=conv(3, 2),
    )  # fmt: skip
    assert sorted(shrinks_exactly(net, trials=6).sizes().values()) == [2, 3, 3]


def test_channels_written_over_a_range_shrink_with_it():
    def body(net, x):
        result = net.one(x).clone()
        result[:, 2:6] = net.two(x)
        return pooled(result)

    found = shrinks_exactly(Classifier(body, one=conv(3, 8), two=conv(3, 4)), trials=6)
    assert "two.weight" in found.width("one:2").tensors


def test_channels_written_in_steps_stay():
    def body(net, x):
        result = net.one(x).clone()
        result[:, ::2] = net.two(x)
        return pooled(result)

    keeps_whole(Classifier(body, one=conv(3, 8), two=conv(3, 4)))


def test_a_single_channel_that_is_written_keeps_the_others():
    def body(net, x):
        result = net.one(x).clone()
        result[:, 2] = net.two(x)[:, 0]
        return pooled(result)

    keeps_whole(Classifier(body, one=conv(3, 8), two=conv(3, 1)))


def test_logits_that_are_looked_up_stay():
    class Hand(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.head = conv(3, 8), nn.Linear(8, 6)

        def forward(self, images):
            return self.head(pooled(self.one(images)))[:, torch.tensor([0, 3, 5])]

    assert shrinks_exactly(Hand()).sizes() == {"one": 8}
