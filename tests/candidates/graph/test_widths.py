import torch
from torch import nn

from candidates.graph.widths import TAKEN
from tests.candidates.graph.rules.harness import Classifier, conv, followed, pooled, tokens


def test_a_width_knows_who_gives_carries_and_contracts_it():
    net = Classifier(
        lambda net, x: pooled(net.two(net.norm(net.one(x)).relu())),
        one=conv(3, 6), norm=nn.BatchNorm2d(6), two=conv(6, 5),
    )  # fmt: skip
    width = followed(net).width("one")
    assert width.producers == ("conv2d",)
    assert width.consumers == ("conv2d_1",)
    assert width.calls == {"conv2d", "batch_norm", "relu", "conv2d_1"}
    assert width.tensors == ("one.weight", "one.bias", "norm.weight", "norm.bias", "two.weight")
    assert not width.mixed


def test_what_is_added_has_several_producers():
    net = Classifier(lambda net, x: pooled(net.one(x) + net.two(x)), one=conv(3, 6), two=conv(3, 6))
    assert followed(net).width("one").producers == ("conv2d", "conv2d_1")


def test_the_larger_of_two_axes_in_one_dimension_shrinks():
    net = Classifier(
        lambda net, x: pooled(net.two(net.one(x))), one=conv(3, 12), two=conv(12, 12, groups=3)
    )
    found = followed(net)
    assert found.width("one").axis.size == 4
    assert TAKEN in found.reasons("one.bias")


def test_whole_heads_are_preferred_to_a_share_of_each():
    def body(net, x):
        queries, keys, values = (
            net.qkv(tokens(net.one(x))).reshape(len(x), 4, 3, 2, 6).permute(2, 0, 3, 1, 4)
        )
        mixed = (queries @ keys.transpose(-2, -1)).softmax(-1) @ values
        return mixed.transpose(1, 2).flatten(2).mean(1)

    net = Classifier(body, one=nn.Conv2d(3, 5, 4, 4), qkv=nn.Linear(5, 36))
    width = followed(net).width("qkv")
    assert width.axis.size == 2
    assert not width.mixed


def test_widths_that_share_a_first_tensor_have_names_of_their_own():
    net = Classifier(
        lambda net, x: pooled(torch.cat(net.one(x).split([2, 4], 1)[::-1], 1)), one=conv(3, 6)
    )
    assert followed(net).sizes() == {"one": 2, "one:2": 4}


def test_a_width_without_a_layer_is_named_after_its_tensor():
    net = Classifier(lambda net, x: pooled(x)[:, :1] * net.scale, scale=torch.ones(6))
    assert followed(net).sizes() == {"scale": 6}
    assert followed(net).width("scale").producers == ()


def test_buffers_alone_carry_no_width():
    class Fixed(Classifier):
        def __init__(self):
            super().__init__(lambda net, x: pooled(x)[:, :1] * net.scale)
            self.register_buffer("scale", torch.ones(6))
            self.head = nn.Linear(6, 4)
            self.head.weight.requires_grad_(False)

    found = followed(Fixed())
    assert found.width("head").tensors == ("head.weight",)


def test_an_axis_flattened_together_with_itself_stays():
    def body(net, x):
        features = net.one(x).flatten(2)
        return torch.bmm(features, features.mT).flatten(1)

    found = followed(Classifier(body, one=conv(3, 6)))
    assert found.widths == []
