import torch
from torch import Tensor, nn

from candidates.anchors import Anchor, find_anchors
from candidates.graph.network import Network
from candidates.linear_call import LinearCall
from tests.candidates.builders import TINY, inputs_of, network_of, randomised, traced


def anchor_of(network: Network, number: int = 0) -> Anchor:
    """Of one of the linear calls of a network, by its place."""
    found = [LinearCall.of(call, network.tensors()) for call in network.program.calls]
    calls = [call for call in found if call is not None]
    (anchor,) = find_anchors(network, [calls[number]])
    return anchor


def small(*layers: nn.Module) -> Network:
    torch.manual_seed(0)
    return traced(randomised(nn.Sequential(*layers)))


def pulled_back(network: Network, anchor: Anchor, images: Tensor, residual: Tensor) -> Tensor:
    values = dict(zip(anchor.needed(), network.values(images, anchor.needed()), strict=True))
    with torch.no_grad():
        return anchor.pulled_back(network, values, len(images), residual)


class Residual(nn.Module):
    """What follows the inner layer is added to its input."""

    def __init__(self, inner: nn.Module, behind: nn.Module) -> None:
        super().__init__()
        self.inner, self.behind = inner, behind

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = values + self.behind(self.inner(values))
        return result.relu()


class Moved(nn.Module):
    """Channels last, padded, rolled and scaled, and back."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.rand(channels) + 0.5)

    def forward(self, values: Tensor) -> Tensor:
        moved = values.permute(0, 2, 3, 1).roll(2, 1)
        flat = (self.scale * moved).reshape(len(values), -1, moved.shape[3])
        return flat.transpose(1, 2).reshape(values.shape)


def test_in_a_block_the_anchor_lies_behind_the_norm_and_the_addition() -> None:
    network = traced(network_of(TINY))
    anchor = anchor_of(network, 2)
    assert anchor.norm is not None
    assert anchor.norm.mean == "layer1.0.bn2.running_mean"
    assert anchor.value.startswith("add")
    assert not anchor.pooled


def test_before_a_global_pooling_the_anchor_says_so() -> None:
    network = traced(network_of(TINY))
    assert anchor_of(network, 18).pooled
    assert not anchor_of(network, 17).pooled


def test_a_pooling_to_more_than_one_position_is_not_global() -> None:
    class Mean(nn.Module):
        def __init__(self, *dims: int) -> None:
            super().__init__()
            self.dims = dims

        def forward(self, values: Tensor) -> Tensor:
            return values.mean(self.dims)

    for pooling, pooled in (
        (nn.AdaptiveAvgPool2d(1), True), (nn.AdaptiveAvgPool2d((1, 1)), True), (Mean(2, 3), True),
        (nn.AdaptiveAvgPool2d(7), False), (nn.MaxPool2d(2), False), (Mean(3), False),
        (nn.Flatten(), False),
    ):  # fmt: skip
        network = small(nn.Conv2d(1, 2, 1), nn.ReLU(), pooling, nn.Flatten())
        assert anchor_of(network).pooled == pooled


def test_the_anchor_stops_before_a_non_linearity() -> None:
    anchor = anchor_of(small(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 2)))
    assert (anchor.value, anchor.norm, anchor.path) == ("linear", None, ())


def test_an_anchor_lies_within_its_part() -> None:
    network = traced(network_of(TINY))
    part = network.part("relu_", "batch_norm_2") if "relu_" in network.program.names() else None
    part = part or network.part(network.program.calls[2].name, "batch_norm_2")
    assert anchor_of(part, 1).value == "batch_norm_2"


def test_the_gain_is_what_multiplies_each_channel() -> None:
    network = small(nn.Conv2d(1, 3, 1, bias=False), nn.BatchNorm2d(3), Moved(3), nn.ReLU())
    anchor = anchor_of(network)
    part = network.part("input", "batch_norm")
    before = part(inputs_of())
    network.tensors()["0.weight"].data += 1
    change = (part(inputs_of()) - before) / inputs_of()
    assert anchor.norm is not None
    norm = anchor.norm.scale(network.tensors())
    torch.testing.assert_close(change[0, :, 0, 0], norm.float(), rtol=1e-3, atol=1e-3)
    gain = norm * network.tensors()["2.scale"].detach().double()
    torch.testing.assert_close(anchor.gain(network.tensors()), gain)


def test_without_a_norm_the_gain_is_one() -> None:
    network = small(nn.Linear(8, 3), nn.ReLU())
    assert anchor_of(network).gain(network.tensors()).tolist() == [1, 1, 1]


def test_an_intercept_goes_into_the_norm_or_the_bias() -> None:
    for layers in (
        (nn.Conv2d(1, 3, 1, bias=False), nn.BatchNorm2d(3)),
        (nn.Conv2d(1, 3, 1, bias=True), nn.BatchNorm2d(3)),
        (nn.Conv2d(1, 3, 1, bias=True), nn.ReLU()),
    ):
        network = small(*layers)
        anchor = anchor_of(network)
        assert anchor.takes_intercept
        shift = torch.tensor([0.5, -1.0, 2.0]).double()
        shifted = network.part("input", "conv2d")(inputs_of()) + shift.float().reshape(3, 1, 1)
        wanted = network.part("conv2d", network.program.output)(shifted)
        anchor.add_intercept(network.tensors(), shift)
        torch.testing.assert_close(network(inputs_of()), wanted)


def test_without_norm_and_bias_there_is_no_intercept() -> None:
    assert not anchor_of(small(nn.Linear(8, 3, bias=False), nn.ReLU())).takes_intercept


def test_a_norm_of_another_dimension_is_none_of_the_calls() -> None:
    """Behind a linear layer on positions a BatchNorm scales the second dimension, not the last."""
    network = small(nn.Flatten(2), nn.Linear(64, 3), nn.BatchNorm1d(1), nn.ReLU())
    assert anchor_of(network).norm is None


def check_pulled_back(network: Network) -> None:
    """Adding what is pulled back to the call's output adds the residual at the anchor."""
    anchor = anchor_of(network)
    images = inputs_of(count=13)
    call, value = network.values(images, [anchor.call.name, anchor.value])
    added = 0.01 * torch.randn(call.shape)
    behind = Network(network.program, network.tensors()).eval()

    def reached(shifted: Tensor) -> Tensor:
        return _with_call(behind, anchor, images, shifted)

    residual = reached(call + added) - value
    found = pulled_back(network, anchor, images, residual)
    torch.testing.assert_close(found, added, rtol=1e-2, atol=1e-4)


def _with_call(network: Network, anchor: Anchor, images: Tensor, output: Tensor) -> Tensor:
    """The anchor's value where the call gives something else."""
    from candidates.graph.network import Frame, Step

    known = {network.program.input: images}
    for call in network.program.calls:
        frame = Frame(known, network.tensors(), len(images), training=False)
        known[call.name] = output if call.name == anchor.call.name else Step.of(call).run(frame)
    return known[anchor.value]


def test_a_residual_is_pulled_back_through_norms_moves_scales_and_additions() -> None:
    torch.manual_seed(0)
    for inner, behind in (
        (nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3)),
        (nn.Conv2d(1, 3, 3, padding=1), Moved(3)),
        (nn.Conv2d(1, 3, 1), nn.Sequential(nn.BatchNorm2d(3), Moved(3), nn.Dropout(0.3))),
        (nn.Linear(8, 8), nn.Dropout(0.3)),
    ):
        network = traced(randomised(Residual(inner, behind)))
        anchor = anchor_of(network)
        assert anchor.value.startswith("add")
        check_pulled_back(network)


def test_a_stochastic_depth_does_not_end_the_path() -> None:
    class StochasticDepth(nn.Module):
        p = 0.5

        def forward(self, values: Tensor) -> Tensor:
            return values

    network = traced(Residual(nn.Conv2d(1, 1, 1), StochasticDepth()))
    assert any(call.operator == "dropout.default" for call in network.program.calls)
    assert anchor_of(network).value.startswith("add")
    check_pulled_back(network)


def test_a_value_that_is_spread_over_positions_gets_the_mean_residual() -> None:
    class Spread(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(1, 1, 1)

        def forward(self, images: Tensor) -> Tensor:
            return (images + self.inner(images.mean((2, 3), keepdim=True))).relu()

    network = traced(Spread())
    residual = torch.randn(13, 1, 8, 8)
    found = pulled_back(network, anchor_of(network), inputs_of(count=13), residual)
    torch.testing.assert_close(found, residual.mean((2, 3), keepdim=True), rtol=1e-4, atol=1e-5)


def test_a_gate_ends_the_path() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(1, 1, 1)

        def forward(self, images: Tensor) -> Tensor:
            result: Tensor = images + images.sigmoid() * self.inner(images)
            return result

    assert anchor_of(traced(Gated())).path == ()


def test_a_channel_that_nobody_hears_gets_no_residual() -> None:
    network = small(nn.Conv2d(1, 3, 1), nn.BatchNorm2d(3))
    network.tensors()["1.weight"].data[1] = 0
    found = pulled_back(network, anchor_of(network), inputs_of(), torch.ones(4, 3, 8, 8))
    assert not found[:, 1].any()
    assert torch.isfinite(found).all()
    network.tensors()["1.weight"].data.zero_()
    found = pulled_back(network, anchor_of(network), inputs_of(), torch.ones(4, 3, 8, 8))
    assert not found.any()
