import pytest
import torch
from torch import nn

from candidates.errors import NonFiniteActivation
from candidates.finite import checked
from tests.candidates.builders import traced

INPUTS = torch.ones(2, 1, 8, 8)


def test_finite_outputs_pass_as_they_are() -> None:
    outputs = torch.ones(2)
    assert checked(nn.ReLU(), INPUTS, outputs) is outputs
    assert checked(nn.ReLU(), INPUTS, outputs.long()).dtype == torch.int64


def test_the_first_module_that_was_not_finite_is_named() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1))
    nn.init.constant_(network[1].bias, torch.inf)
    part = traced(network)
    with pytest.raises(NonFiniteActivation, match="Module '1' computes NaN or Inf"):
        checked(part, INPUTS, part(INPUTS))


def test_it_is_an_error_where_no_module_can_be_named() -> None:
    with pytest.raises(NonFiniteActivation, match="in no module that has weights"):
        checked(nn.ReLU(), INPUTS, torch.tensor([torch.nan]))
