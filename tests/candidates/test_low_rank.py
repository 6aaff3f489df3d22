import pytest
import torch
from torch import Tensor

from candidates.low_rank import factors, saves


def problem(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """A Gram of correlated inputs, weights and gains."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(80, 12, generator=generator, dtype=torch.float64)
    mixed = rows @ torch.randn(12, 12, generator=generator, dtype=torch.float64)
    weight = torch.randn(7, 12, generator=generator, dtype=torch.float64)
    gain = torch.rand(7, generator=generator, dtype=torch.float64) + 0.1
    return mixed.T @ mixed / 80, weight, gain


def symmetric_root(gram: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(gram)
    return vectors * values.sqrt() @ vectors.T


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rank", [1, 3, 6])
def test_the_error_is_that_of_the_svd_of_whitened_weights(seed: int, rank: int) -> None:
    gram, weight, gain = problem(seed)
    up, down = factors(gram, weight, gain, rank)
    assert (up.shape, down.shape) == ((7, rank), (rank, 12))
    whitened = gain.unsqueeze(1) * weight @ symmetric_root(gram)
    left, values, right = torch.linalg.svd(whitened, full_matrices=False)
    best = left[:, :rank] * values[:rank] @ right[:rank]
    found = gain.unsqueeze(1) * (up @ down) @ symmetric_root(gram)
    torch.testing.assert_close(found, best)
    lost = (whitened - found).square().sum()
    assert float(lost) == pytest.approx(float(values[rank:].square().sum()))


def test_the_full_rank_loses_nothing() -> None:
    gram, weight, gain = problem()
    up, down = factors(gram, weight, gain, 7)
    torch.testing.assert_close(up @ down, weight)


def test_silent_and_dead_rows_do_no_harm() -> None:
    gram, weight, gain = problem()
    weight[3], gain[5] = 0, 0
    up, down = factors(gram, weight, gain, 6)
    assert torch.cat([up.flatten(), down.flatten()]).isfinite().all()
    heard = [0, 1, 2, 3, 4, 6]
    torch.testing.assert_close((up @ down)[heard], weight[heard])


def test_both_factors_have_the_same_norms() -> None:
    up, down = factors(*problem(), rank=4)
    torch.testing.assert_close(up.norm(dim=0), down.norm(dim=1))


def test_two_factors_save_weights_below_a_certain_rank() -> None:
    assert saves(64, 576, 57)
    assert not saves(64, 576, 58)
