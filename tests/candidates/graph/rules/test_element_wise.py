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

ONE = {
    "relu": lambda net, x: functional.relu(net.one(x)),
    "clamp": lambda net, x: net.one(x).clamp(-0.5, 0.5),
    "clamp by tensors": lambda net, x: torch.clamp(net.one(x), max=net.one(x).square()),
    "dtype": lambda net, x: net.one(x).double().float(),
    "type as": lambda net, x: net.one(x).type_as(x),
    "dropout": lambda net, x: functional.dropout2d(net.one(x), 0.5, net.training),
    "zeros like": lambda net, x: net.one(x) + torch.zeros_like(net.one(x)),
    "a mask": lambda net, x: net.one(x).masked_fill(net.one(x) > 0.3, 0.1),
    "where": lambda net, x: torch.where(net.one(x) > 0, net.one(x), -0.2),
}  # fmt: skip


@pytest.mark.parametrize("body", ONE.values(), ids=ONE)
def test_channels_pass_through_what_treats_each_number_alone(body):
    net = Classifier(lambda net, x: pooled(body(net, x)), one=conv(3, 6))
    assert shrinks_exactly(net).sizes() == {"one": 6}


BRANCHES = {
    "add": torch.add, "multiply": torch.mul, "maximum": torch.maximum, "atan2": torch.atan2,
    "lerp": lambda one, two: torch.lerp(one, two, 0.3),
    "addcmul": lambda one, two: torch.addcmul(one, two, two),
}  # fmt: skip


@pytest.mark.parametrize("joined", BRANCHES.values(), ids=BRANCHES)
def test_branches_that_meet_shrink_together(joined):
    net = Classifier(
        lambda net, x: pooled(joined(net.one(x), net.two(x))), one=conv(3, 6), two=conv(3, 6)
    )
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 6}
    assert {"one.weight", "two.weight"} <= set(found.widths[0].tensors)


def test_a_branch_with_one_channel_does_not_hold_the_other():
    net = Classifier(
        lambda net, x: pooled(net.gate(x).sigmoid() * net.one(x)), one=conv(3, 6), gate=conv(3, 1)
    )
    assert shrinks_exactly(net).sizes() == {"one": 6}


def test_a_scale_per_channel_shrinks_with_it():
    net = Classifier(
        lambda net, x: pooled(net.one(x) * net.scale), one=conv(3, 6), scale=torch.ones(6, 1, 1)
    )
    assert "scale" in shrinks_exactly(net).width("one").tensors


def test_slopes_shrink_with_their_channels():
    net = Classifier(lambda net, x: pooled(net.act(net.one(x))), one=conv(3, 6), act=nn.PReLU(6))
    assert "act.weight" in shrinks_exactly(net).width("one").tensors


def test_one_slope_for_all_stays():
    net = Classifier(lambda net, x: pooled(net.act(net.one(x))), one=conv(3, 6), act=nn.PReLU())
    assert shrinks_exactly(net).sizes() == {"one": 6}


@pytest.mark.parametrize("run", [torch.cumsum, torch.softmax, torch.log_softmax])
def test_what_runs_along_channels_keeps_them(run):
    net = Classifier(lambda net, x: pooled(run(net.one(x), 1)), one=conv(3, 6))
    assert "runs along it" in str(keeps_whole(net).reasons("one.bias"))


def test_what_runs_along_positions_leaves_channels_free():
    net = Classifier(lambda net, x: net.one(x).softmax(-1).cumsum(-2)[:, :, 1, 1], one=conv(3, 6))
    assert shrinks_exactly(net).sizes() == {"one": 6}


def test_a_triangle_keeps_rows_and_columns():
    net = Classifier(lambda net, x: tokens(net.one(x)).tril()[:, 7], one=conv(3, 6))
    keeps_whole(net)


def test_new_tensors_take_the_axes_that_they_meet():
    net = Classifier(
        lambda net, x: pooled(net.one(x) + net.one(x).new_ones(len(x), 6, 1, 1)), one=conv(3, 6)
    )
    assert shrinks_exactly(net).sizes() == {"one": 6}
