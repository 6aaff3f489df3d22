import pytest
import torch

from candidates.graph.network import function_of
from candidates.graph.operators import MAKERS, NOISE, OPERATORS


@pytest.mark.parametrize("name", sorted(OPERATORS - {"getitem"}))
def test_every_operator_of_the_list_exists_and_writes_to_nothing(name):
    schema = function_of(name)._schema
    assert not schema.is_mutable


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_what_makes_tensors_of_nothing_is_told_where(name):
    arguments = function_of(name)._schema.arguments
    assert "device" in {argument.name for argument in arguments}
    assert not any(isinstance(argument.type, torch.TensorType) for argument in arguments)


def test_none_of_them_draws_random_numbers_but_dropout():
    drawing = {
        name
        for name in OPERATORS - {"getitem"}
        if torch.Tag.nondeterministic_seeded in function_of(name).tags
    }
    assert drawing <= NOISE | {"scaled_dot_product_attention.default", "lstm.input", "gru.input"}
