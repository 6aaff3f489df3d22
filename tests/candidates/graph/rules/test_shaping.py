import pytest
import torch
from torch import nn

from tests.candidates.graph.rules.harness import (
    Classifier,
    conv,
    keeps_whole,
    pooled,
    shrinks_exactly,
    tokens,
)

FREE = {
    "flattened": lambda x: x.flatten(1),
    "flattened and back": lambda x: x.reshape(len(x), -1).view(-1, 8, 64).mean(2),
    "last": lambda x: x.permute(0, 2, 3, 1)[:, 0, 0],
    "permuted": lambda x: x.permute(3, -3, 0, 2)[0, :, :, 0].T,
    "transposed": lambda x: x.transpose(1, -1)[:, 0, 0],
    "axes swapped": lambda x: x.swapaxes(0, 1)[:, :, 0, 0].t(),
    "matrices transposed": lambda x: x.flatten(2).mT[:, 3],
    "moved": lambda x: x.movedim((1, 2), (-1, 0))[0, :, 0],
    "squeezed": lambda x: x.mean((2, 3), keepdim=True).squeeze(),
    "squeezed where wide": lambda x: x.squeeze(1)[:, :, 0, 0],
    "squeezed at some": lambda x: x[:, :, :1, :1].squeeze((1, 2, 3)),
    "unsqueezed": lambda x: x.unsqueeze(-3).unsqueeze(1)[:, 0, :, 0, 0, 0],
    "repeated": lambda x: x.repeat(1, 2, 1, 2)[:, :, 0, 0],
    "tiled": lambda x: x.tile(2, 1, 1)[:, :, 0, 0],
    "each repeated": lambda x: x.repeat_interleave(2, dim=1)[:, :, 0, 0],
    "rolled along rows": lambda x: x.roll(1, -1)[:, :, 0, 0],
    "mirrored": lambda x: x.flip((2, 3))[:, :, 0, 0],
}  # fmt: skip


@pytest.mark.parametrize("shaped", FREE.values(), ids=FREE)
def test_a_new_shape_leaves_channels_free(shaped):
    found = shrinks_exactly(Classifier(lambda net, x: shaped(net.one(x)), one=conv(3, 8)))
    assert found.sizes() == {"one": 8}


FIXED = {
    "rolled": lambda x: x.roll(1, 1),
    "rolled flat": lambda x: x.roll(1),
    "mirrored": lambda x: x.flip(1),
    "cut across": lambda x: x.reshape(-1, 4, 96, 1),
    "cut across from the front": lambda x: x.permute(0, 2, 3, 1).reshape(-1, 96, 4, 1),
}  # fmt: skip


@pytest.mark.parametrize("shaped", FIXED.values(), ids=FIXED)
def test_what_mixes_up_the_order_of_channels_keeps_them(shaped):
    keeps_whole(Classifier(lambda net, x: pooled(shaped(net.one(x))), one=conv(3, 6)))


def test_what_is_repeated_flat_keeps_everything():
    net = Classifier(
        lambda net, x: net.table.repeat_interleave(2).view(2, 6).sum(0) + pooled(net.one(x)),
        table=torch.ones(6), one=conv(3, 6),
    )  # fmt: skip
    assert set(keeps_whole(net).reasons("table")) == {"It is repeated to a fixed size."}


def test_a_dimension_that_becomes_several_shrinks_along_one_of_them():
    net = Classifier(lambda net, x: net.one(x).unflatten(1, (2, 3)).amax((1, 3, 4)), one=conv(3, 6))
    assert shrinks_exactly(net).sizes() == {"one": 3}


def test_channels_shuffled_between_groups_shrink_by_their_place_or_group():
    def shuffled(net, x):
        one = net.one(x)
        return pooled(net.two(one.view(-1, 2, 4, 8, 8).transpose(1, 2).reshape(one.shape)))

    net = Classifier(shuffled, one=conv(3, 8), two=conv(8, 8, groups=4))
    shrinks_exactly(net, trials=8)


def test_the_shuffle_operator_is_followed_too():
    net = Classifier(
        lambda net, x: pooled(net.shuffle(net.one(x))), one=conv(3, 8), shuffle=nn.ChannelShuffle(2)
    )
    assert shrinks_exactly(net, trials=6).sizes() == {"one": 4}


COPIES = {
    "expanded": lambda gate, like: gate.expand(-1, 6, -1, -1) * like,
    "expanded like another": lambda gate, like: gate.expand_as(like),
    "broadcast": lambda gate, like: torch.broadcast_to(gate, like.shape) + like,
    "repeated": lambda gate, like: gate.repeat(1, 6, 1, 1) * like,
    "tiled": lambda gate, like: gate.tile(6, 1, 1) * like,
}  # fmt: skip


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_copies_of_one_channel_become_as_many_as_they_meet(copied):
    net = Classifier(
        lambda net, x: pooled(net.two(copied(net.gate(x), net.one(x)))),
        gate=conv(3, 1), one=conv(3, 6), two=conv(6, 5),
    )  # fmt: skip
    assert shrinks_exactly(net).sizes() == {"one": 6, "two": 5}


@pytest.mark.parametrize("shaped", [torch.Tensor.view_as, torch.Tensor.reshape_as])
def test_a_shape_taken_from_another_tensor_shrinks_with_it(shaped):
    net = Classifier(
        lambda net, x: shaped(net.patches(x).flatten(1), pooled(net.one(x))),
        patches=nn.Conv2d(3, 3, 8), one=conv(3, 3),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert found.sizes() == {"patches": 3}
    assert "one.weight" in found.widths[0].tensors


TOKENS = {
    "expanded": lambda token, count: token.expand(count, -1, -1),
    "repeated": lambda token, count: token.repeat(count, 1, 1),
    "tiled": lambda token, count: token.tile(count, 1, 1),
    "added to nothing": lambda token, count: token + token.new_zeros(count, 1, 8),
}  # fmt: skip


@pytest.mark.parametrize("copied", TOKENS.values(), ids=TOKENS)
def test_a_class_token_follows_the_number_of_images(copied):
    def body(net, x):
        line = torch.cat([copied(net.token, len(x)), tokens(net.one(x))], 1) + net.places
        return line[:, 0] + line.mean(1)

    net = Classifier(
        body, one=nn.Conv2d(3, 8, 4, 4), token=torch.ones(1, 1, 8), places=torch.ones(1, 5, 8)
    )
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 8}
    assert {"token", "places"} <= set(found.widths[0].tensors)
