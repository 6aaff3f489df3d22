import pytest
import torch
from torch import Tensor

from candidates.checkpoint import Tensor as FileTensor
from candidates.tensors import DTYPES, checkpoint_of, from_torch, state_of, to_torch


@pytest.mark.parametrize(
    "values",
    [
        torch.arange(6).reshape(2, 3),
        torch.randn(2, 3).T,
        torch.randn(4, 4)[::2, 1:],
        torch.tensor(3.5),
        torch.empty(0, 2),
        torch.tensor([True, False]),
        torch.tensor([float("nan"), float("inf")]).bfloat16(),
    ],
    ids=lambda values: f"{values.dtype}-{tuple(values.shape)}",
)
def test_a_tensor_comes_back_bit_for_bit(values: Tensor) -> None:
    again = to_torch(from_torch(values))
    assert again.dtype == values.dtype
    torch.testing.assert_close(again, values, rtol=0, atol=0, equal_nan=True)


def test_a_tensor_from_a_file_has_memory_of_its_own() -> None:
    data = bytes(4)
    to_torch(FileTensor("U8", (4,), data)).fill_(1)
    assert data == bytes(4)


def test_a_dtype_that_torch_lacks_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        to_torch(FileTensor("F8_E5M2", (1,), b"1"))


@pytest.mark.parametrize("name", DTYPES)
def test_names_and_dtypes_go_both_ways(name: str) -> None:
    assert from_torch(torch.zeros(1, dtype=DTYPES[name])).dtype == name


def test_a_state_dict_comes_back() -> None:
    state = {"a": torch.randn(3), "b": torch.tensor(1)}
    again = state_of(checkpoint_of(state, {"key": "text"}))
    assert all(torch.equal(again[name], state[name]) for name in state)
