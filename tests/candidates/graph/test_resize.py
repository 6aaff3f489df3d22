"""Only what stays the same and what rewrites an operator: the rules' tests run all others."""

import torch
from torch import nn
from torch.nn import functional

from candidates.graph.program import Batch
from candidates.graph.resize import resized
from tests.candidates.graph.rules.harness import Classifier, conv, followed, pooled, tokens


def calls_of(net, operator, **kept):
    found = followed(net)
    choice = {found.width(name).axis: indices for name, indices in kept.items()}
    return [
        resized(call, found.axes, choice)
        for call in found.program.calls
        if call.operator.startswith(operator)
    ]


def test_nothing_changes_where_nothing_goes():
    net = Classifier(
        lambda net, x: net.two(functional.glu(net.one(x), 1).flatten(1).split(128, 1)[0]),
        one=conv(3, 8), two=nn.Linear(128, 5),
    )  # fmt: skip
    found = followed(net)
    assert [resized(call, found.axes, {}) for call in found.program.calls] == list(
        found.program.calls
    )


def test_views_follow_the_batch_and_what_is_kept():
    net = Classifier(lambda net, x: net.one(x).reshape(len(x), 6 * 64), one=conv(3, 6))
    (call,) = calls_of(net, "reshape", one=(0, 5))
    assert call.arguments[1] == (Batch(batch=1), 128)


def test_a_chunk_becomes_pieces_of_the_sizes_that_remain():
    net = Classifier(lambda net, x: pooled(net.one(x).chunk(2, 1)[1]), one=conv(3, 8))
    names = [width.name for width in followed(net).widths]
    (call,) = calls_of(net, "chunk", **{names[-1]: (0,)})
    assert call.operator == "split_with_sizes.default"
    assert sorted(call.arguments[1]) == [1, 4]


def test_a_squeeze_names_its_dimensions():
    net = Classifier(lambda net, x: net.one(x).mean((2, 3), keepdim=True).squeeze(), one=conv(3, 8))
    (call,) = calls_of(net, "squeeze", one=(3,))
    assert call.operator == "squeeze.dims"
    assert call.arguments[1] == (2, 3)


def test_groups_follow_the_channels():
    net = Classifier(
        lambda net, x: pooled(net.two(net.one(x))), one=conv(3, 6), two=conv(6, 6, groups=6)
    )
    first, second = calls_of(net, "conv2d", one=(1, 2, 4))
    assert 6 not in first.arguments
    assert second.arguments[-1] == 3


def test_groups_of_a_norm_follow_the_channels():
    net = Classifier(
        lambda net, x: pooled(net.two(net.one(x))), one=conv(3, 6), two=nn.GroupNorm(3, 6)
    )
    (call,) = calls_of(net, "group_norm", one=(1,))
    assert call.arguments[1] == 1


def test_a_norm_over_channels_is_told_how_many():
    net = Classifier(
        lambda net, x: net.two(tokens(net.one(x))).mean(1), one=conv(3, 6), two=nn.LayerNorm(6)
    )
    (call,) = calls_of(net, "layer_norm", one=(1, 5))
    assert call.arguments[1] == (2,)


def test_attention_keeps_its_scale_when_its_head_narrows():
    def body(net, x):
        line = tokens(net.one(x))
        return functional.scaled_dot_product_attention(line, line, line).mean(1)

    (call,) = calls_of(Classifier(body, one=conv(3, 4)), "scaled_dot", one=(1, 2))
    assert call.keywords["scale"] == 0.5
    assert torch.tensor(4.0) ** -0.5 == 0.5
