import torch
from torch import nn

from candidates.candidate import Cost
from candidates.cost import cost_of


def test_the_cost_of_a_small_network_is_what_one_counts_by_hand() -> None:
    network = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU(),
        nn.Flatten(), nn.Linear(3 * 4 * 5, 7),
    ).eval()  # fmt: skip
    network[1].bias.data.fill_(1)
    cost = cost_of(network, torch.zeros(1, 2, 4, 5))
    conv, norm, linear = 3 * 2 * 9, 2 * 3, 60 * 7 + 7
    assert cost == Cost(
        parameters=conv + norm + linear,
        macs=conv * 20 + 60 * 7,
        bytes=4 * (conv + norm + linear + 6) + 8,
    )


def test_zeros_are_stored_but_do_not_count_as_parameters() -> None:
    layer = nn.Linear(4, 2, bias=False)
    layer.weight.data = torch.tensor([[1.0, 0, 0, 2], [0, 0, 0, 3]])
    assert cost_of(layer, torch.zeros(1, 4)) == Cost(parameters=3, macs=8, bytes=32)


def test_the_cost_is_that_of_one_image() -> None:
    layer = nn.Linear(4, 2)
    assert cost_of(layer, torch.zeros(5, 4)) == cost_of(layer, torch.zeros(1, 4))


def test_a_stride_saves_multiplications() -> None:
    wide, strided = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1, stride=2)
    image = torch.zeros(1, 1, 8, 8)
    assert cost_of(wide, image).macs == 4 * cost_of(strided, image).macs == 64


def test_a_network_without_weights_costs_nothing() -> None:
    assert cost_of(nn.ReLU(), torch.zeros(1, 4)) == Cost(parameters=0, macs=0, bytes=0)


def test_zeros_in_biases_and_norms_are_parameters_like_any_other() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    assert torch.count_nonzero(network[1].bias) == 0
    assert cost_of(network, torch.zeros(1, 1, 4, 4)).parameters == 8
