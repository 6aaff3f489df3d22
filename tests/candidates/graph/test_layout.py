import pytest
import torch
from torch import nn

from candidates.graph.layout import Layout
from tests.candidates.graph.rules.harness import Classifier, conv, followed, pooled, tokens


def layout_of(net: nn.Module) -> Layout:
    found = followed(net)
    return Layout(found.program, found.axes, {width.name: width for width in found.widths})


@pytest.fixture(scope="module")
def concatenated() -> Layout:
    return layout_of(
        Classifier(
            lambda net, x: pooled(net.three(torch.cat([net.one(x), x, net.two(x)], 1))),
            one=conv(3, 4), two=conv(3, 2), three=conv(9, 5),
        )
    )  # fmt: skip


def test_columns_of_a_concatenated_width_lie_at_its_offset(concatenated):
    assert concatenated.columns("conv2d_2", "one") == [[0], [1], [2], [3]]
    assert concatenated.columns("conv2d_2", "two") == [[7], [8]]


def test_rows_are_those_of_the_producer(concatenated):
    assert concatenated.rows("conv2d", "one") == [[0], [1], [2], [3]]
    assert concatenated.rows("conv2d_2", "one") == [[], [], [], []]


def test_kept_columns_and_rows_follow_the_choice(concatenated):
    kept = {"one": (1, 3), "two": (0,), "three": (4,)}
    assert concatenated.kept_columns("conv2d_2", kept) == [1, 3, 4, 5, 6, 7]
    assert concatenated.kept_rows("conv2d_2", kept) == [4]
    assert concatenated.kept_columns("conv2d", kept) == [0, 1, 2]


def test_a_width_that_keeps_everything_is_no_choice(concatenated):
    assert concatenated.choice({"one": (0, 1, 2, 3), "two": (1,)}) == {
        concatenated.widths["two"].axis: (1,)
    }


def test_a_channel_owns_all_positions_that_are_flattened_with_it():
    layout = layout_of(
        Classifier(lambda net, x: net.one(x)[:, :, :1, :3].flatten(1), one=conv(3, 2))
    )
    assert layout.columns("linear", "one") == [[0, 1, 2], [3, 4, 5]]


def test_a_head_owns_its_rows_of_queries_keys_and_values():
    def body(net, x):
        queries, keys, values = (
            net.qkv(tokens(net.one(x))).reshape(len(x), 4, 3, 2, 2).permute(2, 0, 3, 1, 4)
        )
        mixed = (queries @ keys.transpose(-2, -1)).softmax(-1) @ values
        return mixed.transpose(1, 2).flatten(2).mean(1)

    layout = layout_of(Classifier(body, one=nn.Conv2d(3, 5, 4, 4), qkv=nn.Linear(5, 12)))
    assert layout.rows("linear", "qkv") == [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11]]
    assert layout.columns("linear_1", "qkv") == [[0, 1], [2, 3]]


def test_columns_of_a_grouped_convolution_count_within_a_group():
    net = Classifier(
        lambda net, x: pooled(net.two(net.one(x))), one=conv(3, 8), two=conv(8, 4, groups=2)
    )
    assert layout_of(net).columns("conv2d_1", "one") == [[0], [1], [2], [3]]
    assert layout_of(net).rows("conv2d", "one") == [[0, 4], [1, 5], [2, 6], [3, 7]]
