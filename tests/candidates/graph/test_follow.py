import pytest
import torch
from torch import nn

from candidates.graph.axes import leaves
from candidates.graph.follow import follow
from candidates.graph.program import Call, Program, TensorOf, ValueOf
from tests.candidates.graph.rules.harness import Classifier, conv, followed, pooled

INPUT = ValueOf(value="input")


def program(*calls: Call) -> Program:
    return Program(input="input", calls=calls, output=calls[-1].name)


def test_input_and_output_keep_their_shapes():
    found = followed(Classifier(lambda net, x: pooled(net.one(x)), one=conv(3, 6)))
    assert found.reasons("head.bias") == {"It belongs to the network's output."}
    inputs = found.axes.value("input")
    assert inputs[0] is found.axes.batch
    assert {leaf.fixed for term in inputs[1:] for leaf in leaves(term)} >= {
        "It belongs to the network's input."
    }


def test_an_operator_without_a_rule_fixes_what_it_reads_and_gives():
    calls = (
        Call(name="one", operator="linear.default", arguments=(INPUT, TensorOf(tensor="weight"))),
        Call(name="two", operator="topk.default", arguments=(ValueOf(value="one"), 2, 1)),
        Call(name="three", operator="getitem", arguments=(ValueOf(value="two"), 0)),
    )
    axes = follow(program(*calls), {"weight": torch.ones(5, 3)}, (251, 3))
    assert axes.unknown == {"topk.default": 1}
    reason = "'topk.default' reads it, which is not understood."
    assert [leaf.fixed for leaf in leaves(axes.tensors["weight"][0])] == [reason]
    assert axes.value("three")[0] is axes.batch


def test_an_axis_keeps_the_first_reason_that_it_met():
    net = Classifier(lambda net, x: pooled(net.one(x)).sort(1)[0], one=conv(3, 6))
    (reason,) = followed(net).reasons("one.bias")
    assert "'sort.default'" in str(reason)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_sizes_of_one_are_never_widths(size):
    found = followed(Classifier(lambda net, x: pooled(net.one(x)), one=conv(3, size)))
    assert [width.axis.size for width in found.widths] == [size] * (size > 1)


def test_counters_beside_norms_have_no_axes():
    net = Classifier(
        lambda net, x: pooled(net.norm(net.one(x))), one=conv(3, 6), norm=nn.BatchNorm2d(6)
    )
    assert followed(net).axes.tensors["norm.num_batches_tracked"] == ()
