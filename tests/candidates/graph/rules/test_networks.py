"""Whole blocks of networks in use, shrunk at random."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.candidates.graph.rules.harness import (
    Classifier,
    conv,
    pooled,
    shrinks_exactly,
    tokens,
)


def test_a_block_of_convolutions_norms_and_activations():
    net = Classifier(
        lambda net, x: pooled(net.features(x)),
        features=nn.Sequential(
            conv(3, 8), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            conv(8, 6), nn.BatchNorm2d(6), nn.Hardswish(), nn.Dropout(0.3),
        ),
    )  # fmt: skip
    assert shrinks_exactly(net).sizes() == {"features.0": 8, "features.4": 6}


def test_residual_branches_shrink_inside_and_all_together():
    def body(net, x):
        first = net.stem(x)
        second = first + net.two(net.one(first).relu())
        return pooled(second + net.four(net.three(second).relu()))

    net = Classifier(
        body, stem=conv(3, 6), one=conv(6, 4), two=conv(4, 6), three=conv(6, 5), four=conv(5, 6)
    )
    found = shrinks_exactly(net)
    assert found.sizes() == {"stem": 6, "one": 4, "three": 5}
    assert {"two.weight", "four.weight", "head.weight"} <= set(found.width("stem").tensors)


def test_an_inverted_residual_with_squeeze_and_excitation():
    def body(net, x):
        wide = net.deep(net.expand(x)).relu()
        squeezed = wide.mean((2, 3), keepdim=True)
        return pooled(net.project(wide * net.up(net.down(squeezed).relu()).sigmoid()))

    net = Classifier(
        body, expand=conv(3, 12, 1), deep=conv(12, 12, groups=12), down=conv(12, 4, 1),
        up=conv(4, 12, 1), project=conv(12, 5, 1),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert found.sizes() == {"expand": 12, "down": 4, "project": 5}
    assert len(found.width("expand").consumers) == 2


def test_a_dense_block():
    def body(net, x):
        one = net.one(x)
        two = net.two(net.norm(torch.cat([x, one], 1)).relu())
        return pooled(net.three(torch.cat([x, one, two], 1)))

    net = Classifier(
        body, one=conv(3, 4), norm=nn.BatchNorm2d(7), two=conv(7, 5), three=conv(12, 6)
    )
    assert shrinks_exactly(net).sizes() == {"one": 4, "two": 5, "three": 6}


def test_parallel_branches():
    def body(net, x):
        branches = [net.one(x), net.three(net.two(x)), net.four(functional.avg_pool2d(x, 3, 1, 1))]
        return pooled(torch.cat(branches, 1))

    net = Classifier(body, one=conv(3, 4, 1), two=conv(3, 5), three=conv(5, 6), four=conv(3, 3))
    assert shrinks_exactly(net).sizes() == {"one": 4, "two": 5, "three": 6, "four": 3}


def test_channels_split_and_shuffled():
    def unit(net, x):
        left, right = net.stem(x).chunk(2, 1)
        both = torch.cat([left, net.two(net.deep(net.one(right)))], 1)
        return pooled(both.view(-1, 2, 4, 8, 8).transpose(1, 2).flatten(1, 2))

    net = Classifier(
        unit, stem=conv(3, 8), one=conv(4, 6, 1), deep=conv(6, 6, groups=6), two=conv(6, 4, 1)
    )
    assert 6 in shrinks_exactly(net, trials=6).sizes().values()


def test_pooled_maps_flattened_into_a_linear_layer():
    net = Classifier(
        lambda net, x: net.two(functional.adaptive_avg_pool2d(net.one(x), 2).flatten(1)).relu(),
        one=conv(3, 6), two=nn.Linear(24, 7),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 6, "two": 7}
    assert found.width("one").consumers == ("linear",)


def test_a_weight_that_is_used_twice():
    net = Classifier(
        lambda net, x: pooled(net.two(net.two(net.one(x)).relu())), one=conv(3, 6), two=conv(6, 6)
    )
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 6}
    assert len(found.width("one").consumers) == 3


def test_weights_that_are_computed_from_others():
    def body(net, x):
        length = net.direction.square().sum((1, 2, 3), keepdim=True)
        weight = net.direction / (1 + length).sqrt() * net.length
        return pooled(functional.conv2d(net.one(x), weight, net.scale * net.shift, padding=1))

    net = Classifier(
        body, one=conv(3, 6), direction=torch.ones(5, 6, 3, 3), length=torch.ones(5, 1, 1, 1),
        scale=torch.ones(5), shift=torch.ones(5),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert 5 in found.sizes().values()
    assert 6 not in found.sizes().values()


def test_one_bias_computed_from_two():
    net = Classifier(
        lambda net, x: functional.linear(pooled(net.one(x)), net.weight, net.some + net.more),
        one=conv(3, 6), weight=torch.ones(5, 6), some=torch.ones(5), more=torch.ones(5),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert {"weight", "some", "more"} <= set(found.width("weight").tensors)


def test_a_gated_layer_of_tokens():
    def body(net, x):
        gate, value = net.both(tokens(net.one(x))).chunk(2, -1)
        return net.out(functional.silu(gate) * value).mean(1)

    net = Classifier(body, one=conv(3, 6), both=nn.Linear(6, 16), out=nn.Linear(8, 5))
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 6, "both": 8, "out": 5}
    assert found.width("both").producers == ("linear",)


class Windows(nn.Module):
    """Attention in shifted windows of 4 × 4 with a table of relative positions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = conv(3, 8), nn.LayerNorm(8)
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.table = nn.Parameter(torch.ones(49, 2))
        self.register_buffer("places", torch.arange(256) % 49)
        self.head = nn.Linear(8, 4)

    def forward(self, images: Tensor) -> Tensor:
        values = self.stem(images).permute(0, 2, 3, 1)
        count, height, width, channels = values.shape
        shifted = self.norm(values).roll((2, 2), (1, 2))
        windows = shifted.view(count, 2, 4, 2, 4, channels).permute(0, 1, 3, 2, 4, 5)
        line = windows.reshape(-1, 16, channels)
        queries, keys, inner = self.qkv(line).reshape(-1, 16, 3, 2, 4).permute(2, 0, 3, 1, 4)
        bias = self.table[self.places].view(16, 16, 2).permute(2, 0, 1)
        mixed = ((queries @ keys.transpose(-2, -1)) * 0.5 + bias).softmax(-1) @ inner
        line = self.out(mixed.transpose(1, 2).flatten(2))
        back = line.view(count, 2, 2, 4, 4, channels).permute(0, 1, 3, 2, 4, 5)
        back = back.reshape(count, height, width, channels).roll((-2, -2), (1, 2))
        return self.head((values + back).mean((1, 2)))


def test_shifted_windows_shrink_by_heads_with_their_table():
    found = shrinks_exactly(Windows())
    assert found.sizes() == {"stem": 8, "qkv": 2}
    assert "table" in found.width("qkv").tensors
    assert found.width("stem").mixed


def test_a_transformer_with_a_class_token_and_places():
    def body(net, x):
        line = tokens(net.patches(x))
        line = torch.cat([net.token.expand(len(x), -1, -1), line], 1) + net.places
        normed = net.norm(line)
        line = line + net.attention(normed, normed, normed, need_weights=False)[0]
        return (line + net.two(functional.gelu(net.one(line))))[:, 0]

    net = Classifier(
        body, patches=nn.Conv2d(3, 8, 4, 4), token=torch.ones(1, 1, 8), places=torch.ones(1, 5, 8),
        norm=nn.LayerNorm(8), attention=nn.MultiheadAttention(8, 4, batch_first=True),
        one=nn.Linear(8, 12), two=nn.Linear(12, 8),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert sorted(found.sizes().values()) == [4, 8, 12]
    assert not found.width("one").mixed


def test_a_mixer_shrinks_along_places_and_channels():
    def body(net, x):
        line = tokens(net.patches(x))
        line = line + net.across(functional.gelu(net.down(line.transpose(1, 2)))).transpose(1, 2)
        return (line + net.two(functional.gelu(net.one(line)))).mean(1)

    net = Classifier(
        body, patches=nn.Conv2d(3, 6, 4, 4), down=nn.Linear(4, 7), across=nn.Linear(7, 4),
        one=nn.Linear(6, 9), two=nn.Linear(9, 6),
    )  # fmt: skip
    assert shrinks_exactly(net).sizes() == {"patches": 6, "down": 7, "one": 9}


def test_layers_scaled_channel_by_channel():
    net = Classifier(
        lambda net, x: pooled(net.one(x) * net.gamma[:, None, None]), one=conv(3, 6),
        gamma=torch.ones(6),
    )  # fmt: skip
    assert "gamma" in shrinks_exactly(net).width("one").tensors


def test_an_operator_that_is_not_understood_keeps_what_it_touches_and_is_counted():
    net = Classifier(
        lambda net, x: pooled(net.two(net.one(x).relu())).sort(1)[0], one=conv(3, 6), two=conv(6, 5)
    )
    found = shrinks_exactly(net)
    assert found.axes.unknown == {"sort.default": 1}
    assert found.sizes() == {"one": 6}
    assert found.reasons("two.bias") == {"'sort.default' reads it, which is not understood."}
