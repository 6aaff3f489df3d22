import torch
from torch import nn

from candidates.graph.narrow import for_any_batch, narrow, narrowed
from candidates.graph.network import Network
from candidates.graph.program import Batch
from tests.candidates.graph.rules.harness import Classifier, conv, followed, pooled


def small():
    return followed(
        Classifier(
            lambda net, x: pooled(net.two(net.norm(net.one(x)).relu())),
            one=conv(3, 6), norm=nn.BatchNorm2d(6), two=conv(6, 5),
        )
    )  # fmt: skip


def images(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(2))


def test_kept_indices_stay_in_every_tensor():
    found = small()
    choice = {found.width("one").axis: (1, 4)}
    tensors = narrow(found.program, found.tensors, found.axes, choice).tensors()
    whole = found.tensors
    assert torch.equal(tensors["one.weight"], whole["one.weight"][[1, 4]])
    assert torch.equal(tensors["norm.running_var"], whole["norm.running_var"][[1, 4]])
    assert torch.equal(tensors["two.weight"], whole["two.weight"][:, [1, 4]])
    assert torch.equal(tensors["two.bias"], whole["two.bias"])
    assert tensors["norm.num_batches_tracked"].shape == ()


def test_a_channel_that_nobody_hears_may_go():
    found = small()
    with torch.no_grad():
        found.tensors["two.weight"][:, 2] = 0
    choice = {found.width("one").axis: (0, 1, 3, 4, 5)}
    smaller = narrow(found.program, found.tensors, found.axes, choice)
    whole = Network(found.program, found.tensors).eval()
    torch.testing.assert_close(smaller(images()), whole(images()), rtol=1e-5, atol=1e-6)


def test_nothing_chosen_changes_no_bit_and_shares_no_memory():
    found = small()
    same = narrow(found.program, found.tensors, found.axes, {})
    assert torch.equal(same(images()), Network(found.program, found.tensors).eval()(images()))
    assert same.tensors()["one.weight"].data_ptr() != found.tensors["one.weight"].data_ptr()
    assert same.program == found.program


def test_several_axes_of_a_tensor_shrink_at_once():
    found = small()
    one, two = found.width("one").axis, found.width("two").axis
    both = narrow(found.program, found.tensors, found.axes, {one: (1, 4), two: (0, 3)})
    assert both.tensors()["two.weight"].shape == (2, 2, 3, 3)
    assert both(images()).shape == (3, 4)


def test_a_tensor_without_the_axis_is_copied():
    found = small()
    copy = narrowed(
        found.tensors["two.bias"], "two.bias", found.axes, {found.width("one").axis: (0,)}
    )
    assert torch.equal(copy, found.tensors["two.bias"])
    assert copy.data_ptr() != found.tensors["two.bias"].data_ptr()


def test_sizes_follow_the_batch():
    net = Classifier(
        lambda net, x: net.one(x).reshape(len(x) * 6, 64).view(-1, 384), one=conv(3, 6)
    )
    found = followed(net)
    reshape, view = (
        call for call in found.program.calls if call.operator in ("reshape.default", "view.default")
    )
    assert reshape.arguments[1] == (Batch(batch=6), 64)
    assert view.arguments[1] == (Batch(batch=1), 384)
    assert for_any_batch(found.program, found.axes) == found.program
    network = Network(found.program, found.tensors).eval()
    torch.testing.assert_close(network(images(5))[:2], network(images(5)[:2]))
