import torch
from torch import nn
from torch.nn import functional

from candidates.candidate import Cost
from candidates.cost import cost_of
from tests.candidates.builders import traced


def cost(network: nn.Module, shape: tuple[int, ...]) -> Cost:
    return cost_of(traced(network, shape), torch.zeros(1, *shape))


def test_the_cost_of_a_small_network_is_what_one_counts_by_hand() -> None:
    network = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU(),
        nn.Flatten(), nn.Linear(3 * 4 * 5, 7),
    )  # fmt: skip
    network[1].bias.data.fill_(1)
    conv, norm, linear = 3 * 2 * 9, 2 * 3, 60 * 7 + 7
    assert cost(network, (2, 4, 5)) == Cost(
        parameters=conv + norm + linear,
        macs=conv * 20 + 60 * 7,
        bytes=4 * (conv + norm + linear + 6) + 8,
        activation_bytes=4 * (60 + 60),
    )


def test_zeros_are_stored_but_do_not_count_as_parameters() -> None:
    layer = nn.Linear(4, 2, bias=False)
    layer.weight.data = torch.tensor([[1.0, 0, 0, 2], [0, 0, 0, 3]])
    assert cost(layer, (4,)) == Cost(parameters=3, macs=8, bytes=32, activation_bytes=24)


def test_the_cost_is_that_of_one_image() -> None:
    layer = traced(nn.Linear(4, 2), (4,))
    assert cost_of(layer, torch.zeros(5, 4)) == cost_of(layer, torch.zeros(1, 4))


def test_a_stride_saves_multiplications() -> None:
    wide, strided = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1, stride=2)
    assert cost(wide, (1, 8, 8)).macs == 4 * cost(strided, (1, 8, 8)).macs == 64


def test_groups_save_multiplications() -> None:
    layer = nn.Conv2d(4, 6, 3, padding=1, groups=2)
    assert cost(layer, (4, 5, 5)).macs == 25 * 6 * 2 * 9


def test_a_network_without_weights_costs_the_memory_of_its_values_alone() -> None:
    assert cost(nn.ReLU(), (4,)) == Cost(parameters=0, macs=0, bytes=0, activation_bytes=32)


def test_zeros_in_biases_and_norms_are_parameters_like_any_other() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    assert torch.count_nonzero(network[1].bias) == 0
    assert cost(network, (1, 4, 4)).parameters == 8


class Attention(nn.Module):
    """17 positions of 3 heads of 4, all in one module; `fused` by torch's own operator."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.inner = nn.Linear(12, 36)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        parts = self.inner(values).reshape(len(values), 17, 3, 3, 4).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        if self.fused:
            return functional.scaled_dot_product_attention(query, key, value)
        return (query @ key.transpose(-2, -1)).softmax(-1) @ value


def test_attention_counts_both_of_its_products_fused_or_not() -> None:
    expected = 17 * 12 * 36 + 2 * 3 * 17 * 17 * 4
    for fused in (True, False):
        assert cost(Attention(fused), (17, 12)).macs == expected


def test_what_a_network_shares_with_another_costs_both() -> None:
    network = traced(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), (4,))
    first = network.part("input", "relu")
    last = network.part("relu", network.program.output)
    parts = cost_of(first, torch.zeros(1, 4)) + cost_of(last, torch.zeros(1, 3))
    assert parts == cost_of(network, torch.zeros(1, 4))
