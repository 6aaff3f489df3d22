import pytest
import torch
from torch import nn

from candidates.narrow import keep_inputs, keep_outputs, resize, shrink
from candidates.neighbourhood import Width

WIDTHS = (Width(name="0", size=6, producers=("0",), carriers=("1",), consumers=("3",)),)


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 4, 1))


def test_shrinking_keeps_the_named_channels_everywhere() -> None:
    network, whole = small(), small()
    shrink(network, WIDTHS, {"0": (1, 4)})
    assert torch.equal(network[0].weight, whole[0].weight[[1, 4]])
    assert torch.equal(network[0].bias, whole[0].bias[[1, 4]])
    assert torch.equal(network[3].weight, whole[3].weight[:, [1, 4]])
    assert torch.equal(network[3].bias, whole[3].bias)
    assert network[1].running_var.shape == (2,)
    assert network[1].num_batches_tracked.shape == ()


def test_attributes_stay_in_step_with_the_weights() -> None:
    network = small()
    shrink(network, WIDTHS, {"0": (1, 4)})
    assert (network[0].out_channels, network[1].num_features, network[3].in_channels) == (2, 2, 2)


def test_removing_a_channel_that_nobody_hears_changes_nothing() -> None:
    network, images = small().eval(), torch.randn(2, 2, 5, 5)
    network[3].weight.data[:, 2] = 0
    wanted = network(images)
    shrink(network, WIDTHS, {"0": (0, 1, 3, 4, 5)})
    torch.testing.assert_close(network(images), wanted)


def test_widths_that_are_not_named_stay_whole() -> None:
    network = small()
    shrink(network, WIDTHS, {})
    assert network[0].out_channels == 6


def test_shrunk_parameters_can_be_trained() -> None:
    network = small()
    shrink(network, WIDTHS, {"0": (0, 1, 2)})
    network(torch.randn(2, 2, 5, 5)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_description_gives_the_same_shapes_as_shrinking() -> None:
    shrunk, resized = small(), small()
    shrink(shrunk, WIDTHS, {"0": (0, 5)})
    resize(resized, {"0": {"out": 2}, "1": {"out": 2}, "3": {"in": 2}})
    assert {n: v.shape for n, v in shrunk.state_dict().items()} == {
        n: v.shape for n, v in resized.state_dict().items()
    }


def test_a_module_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        resize(small(), {"9": {"out": 2}})


def test_linear_layers_are_narrowed_on_both_sides() -> None:
    layer = nn.Linear(5, 4)
    whole = layer.weight.detach().clone()
    keep_outputs(layer, torch.tensor([0, 3]))
    keep_inputs(layer, torch.tensor([1, 2]))
    assert torch.equal(layer.weight, whole[[0, 3]][:, [1, 2]])
    assert (layer.in_features, layer.out_features) == (2, 2)
