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
    tokens,
)


def normed(norm: nn.Module) -> Classifier:
    return Classifier(lambda net, x: pooled(net.norm(net.one(x)).relu()), one=conv(3, 8), norm=norm)


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm2d(8), nn.InstanceNorm2d(8, affine=True, track_running_stats=True)]
)
def test_norms_of_a_channel_shrink_with_it(norm):
    found = shrinks_exactly(normed(norm))
    assert found.sizes() == {"one": 8}
    assert not found.widths[0].mixed


def test_statistics_shrink_with_their_channels():
    found = shrinks_exactly(normed(nn.BatchNorm2d(8)))
    assert all(found.reasons(f"norm.{name}") == {None} for name in ("running_mean", "running_var"))


def test_a_group_norm_shrinks_by_whole_groups():
    found = shrinks_exactly(normed(nn.GroupNorm(4, 8)), trials=6)
    assert found.sizes() == {"one": 4}
    assert not found.widths[0].mixed


def test_one_group_for_all_channels_mixes_them():
    found = shrinks_exactly(normed(nn.GroupNorm(1, 8)))
    assert found.sizes() == {"one": 8}
    assert found.widths[0].mixed


def test_a_group_norm_behind_a_grouped_convolution_fits_both():
    net = Classifier(
        lambda net, x: pooled(net.norm(net.two(net.one(x)))),
        one=conv(3, 8), two=conv(8, 16, groups=2), norm=nn.GroupNorm(4, 16),
    )  # fmt: skip
    shrinks_exactly(net, trials=8)


def test_a_group_norm_of_concatenated_branches_fits_both():
    net = Classifier(
        lambda net, x: pooled(net.norm(torch.cat([net.one(x), net.two(x)], 1))),
        one=conv(3, 8), two=conv(3, 4), norm=nn.GroupNorm(3, 12),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert found.widths[0].mixed


def test_standardised_weights_mix_the_channels_that_they_read():
    def body(net, x):
        flat = net.weight.reshape(1, 5, -1)
        weight = functional.batch_norm(flat, None, None, training=True).reshape_as(net.weight)
        return pooled(functional.conv2d(net.one(x), weight, padding=1))

    found = shrinks_exactly(Classifier(body, one=conv(3, 6), weight=torch.ones(5, 6, 3, 3)))
    assert found.width("one").mixed
    assert not found.width("weight").mixed


@pytest.mark.parametrize("norm", [nn.LayerNorm(8), nn.RMSNorm(8)])
def test_a_norm_over_channels_shrinks_and_mixes(norm):
    net = Classifier(lambda net, x: net.norm(tokens(net.one(x))).mean(1), one=conv(3, 8), norm=norm)
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 8}
    assert found.widths[0].mixed


def test_a_norm_over_whole_images_shrinks_by_channels():
    found = shrinks_exactly(normed(nn.LayerNorm([8, 8, 8])))
    assert found.sizes() == {"one": 8}
    assert found.widths[0].mixed


SUMS = {
    "sum": lambda value: value.sum(1, keepdim=True),
    "largest": lambda value: value.max(1, keepdim=True)[0],
    "logsumexp": lambda value: value.logsumexp(1, keepdim=True),
    "everything": lambda value: value.sum(),
}  # fmt: skip


@pytest.mark.parametrize("reduced", SUMS.values(), ids=SUMS)
def test_summed_channels_stay(reduced):
    net = Classifier(lambda net, x: pooled(net.one(x) * reduced(net.one(x))), one=conv(3, 8))
    assert "reduces it" in str(keeps_whole(net).reasons("one.bias"))


MEANS = {
    "mean": lambda value: value.mean(1, keepdim=True),
    "amax": lambda value: value.amax((1,), keepdim=True),
    "variance": lambda value: value.var(1, keepdim=True),
    "norm": lambda value: value.norm(dim=1, keepdim=True),
    "vector norm": lambda value: torch.linalg.vector_norm(value, dim=1, keepdim=True),
}  # fmt: skip


@pytest.mark.parametrize("reduced", MEANS.values(), ids=MEANS)
def test_averaged_channels_shrink_and_mix(reduced):
    net = Classifier(lambda net, x: pooled(net.one(x) * reduced(net.one(x))), one=conv(3, 8))
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 8}
    assert found.widths[0].mixed


@pytest.mark.parametrize(
    "reduced",
    [
        lambda value: value.amax((2, 3)),
        lambda value: value.flatten(2).max(-1)[0],
        lambda value: value.std((-1, -2), keepdim=True).flatten(1),
        lambda value: value.flatten(2).norm(dim=2),
        lambda value: value.reshape(-1, 4, 2, 8, 8).sum((2, 3, 4)),
    ],
)
def test_reduced_positions_leave_channels_free(reduced):
    found = shrinks_exactly(Classifier(lambda net, x: reduced(net.one(x)), one=conv(3, 8)))
    assert set(found.sizes()) == {"one"}
