import pytest
import torch
from torch import Tensor, nn

from candidates.graph.network import Network
from candidates.linear_call import LinearCall, linear_calls
from tests.candidates.builders import traced

SHAPE = (6, 7, 5)
CONVOLUTIONS = [
    nn.Conv2d(6, 8, kernel, stride, padding, dilation, groups)
    for kernel, stride, padding, dilation, groups in [
        (1, 1, 0, 1, 1), (1, 2, 0, 1, 1), (3, 1, 1, 1, 1), (3, 2, 1, 1, 1), (3, 1, 2, 2, 1),
        (3, 2, 0, 1, 1), ((3, 1), (2, 1), (1, 0), 1, 1), (3, 1, 1, 1, 2), (1, 1, 0, 1, 2),
        (3, 1, "same", 1, 1), (2, 1, "same", 1, 1), (3, 1, "same", 2, 2), (3, 1, "valid", 1, 1),
    ]
]  # fmt: skip


def only_call(network: Network) -> LinearCall:
    found = [LinearCall.of(call, network.tensors()) for call in network.program.calls]
    (call,) = [each for each in found if each is not None]
    return call


def by_rows(call: LinearCall, network: Network, inputs: Tensor) -> Tensor:
    """The call's output, [groups, rows, o / groups], as a matrix times rows."""
    tensors = network.tensors()
    matrix = tensors[call.weight].flatten(1).unflatten(0, (call.groups, -1))
    result = call.rows(inputs) @ matrix.mT
    assert call.bias is not None
    return result + tensors[call.bias].reshape(call.groups, 1, -1)


@pytest.mark.parametrize("convolution", CONVOLUTIONS, ids=str)
def test_a_convolution_is_linear_in_its_rows(convolution: nn.Conv2d) -> None:
    network = traced(convolution, SHAPE)
    images = torch.randn(13, *SHAPE)
    call = only_call(network)
    torch.testing.assert_close(by_rows(call, network, images), call.outputs(convolution(images)))


def test_a_convolution_of_one_dimension_is_linear_in_its_rows() -> None:
    layer = nn.Conv1d(6, 4, 3, 2, 1, groups=2)
    network = traced(nn.Sequential(nn.Flatten(2), layer), SHAPE)
    signals = torch.randn(13, 6, 35)
    call = only_call(network)
    torch.testing.assert_close(by_rows(call, network, signals), call.outputs(layer(signals)))


@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 3, 5)], ids=str)
def test_a_linear_layer_reads_the_last_dimension_of_any_input(shape: tuple[int, ...]) -> None:
    layer = nn.Linear(5, 4)
    network = traced(layer, SHAPE)
    inputs = torch.randn(4, *shape)
    call = only_call(network)
    torch.testing.assert_close(by_rows(call, network, inputs), call.outputs(layer(inputs)))


def test_a_channel_owns_consecutive_columns_and_images_consecutive_rows() -> None:
    call = only_call(traced(nn.Conv2d(6, 1, 3), SHAPE))
    images = torch.zeros(3, *SHAPE)
    images[1, 2] = 1
    (rows,) = call.rows(images)
    assert torch.equal(rows.any(0).nonzero().flatten(), torch.arange(18, 27))
    assert torch.equal(rows.any(1).nonzero().flatten(), torch.arange(15, 30))


def test_points_are_the_channels_at_every_position() -> None:
    call = only_call(traced(nn.Conv2d(6, 4, 3, groups=2), SHAPE))
    images = torch.randn(2, *SHAPE)
    points = call.points(images)
    assert points.shape == (2, 2 * 35, 3)
    assert torch.equal(points[1, 35 + 7], images[1, 3:, 1, 2])


def test_operators_that_are_not_linear_calls_are_none() -> None:
    layers = nn.ReLU(), nn.BatchNorm2d(6), nn.ConvTranspose2d(6, 2, 2), nn.Flatten()
    network = traced(nn.Sequential(*layers), SHAPE)
    assert [LinearCall.of(call, network.tensors()) for call in network.program.calls] == [None] * 4


def test_a_weight_that_is_computed_makes_no_linear_call() -> None:
    class Standardised(nn.Linear):
        def forward(self, inputs: Tensor) -> Tensor:
            return nn.functional.linear(inputs, self.weight / self.weight.std(), self.bias)

    network = traced(Standardised(5, 4), SHAPE)
    assert not any(LinearCall.of(call, network.tensors()) for call in network.program.calls)


def test_linear_calls_come_in_running_order_without_those_that_share_a_weight() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(5, 5), nn.Linear(5, 5), nn.Linear(5, 5)

        def forward(self, inputs: Tensor) -> Tensor:
            result: Tensor = self.a(self.b(self.c(self.b(inputs).relu()).relu()).relu())
            return result

    network = traced(Tied(), (5,))
    names = {call.name for call in network.program.calls}
    found = linear_calls(network, names)
    assert [call.weight for call in found] == ["c.weight", "a.weight"]
    assert linear_calls(network, {found[0].name}) == found[:1]
