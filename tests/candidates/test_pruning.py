import pytest
import torch

from candidates.pruning import RAMP, PolynomialPruning


def weights(count: int = 100) -> dict[str, torch.Tensor]:
    return {"a": torch.randn(count, generator=torch.Generator().manual_seed(0)), "b": torch.ones(3)}


def zeros(tensors: dict[str, torch.Tensor]) -> int:
    return int((tensors["a"] == 0).sum())


def test_sparsity_follows_the_cubic_ramp_and_holds() -> None:
    tensors, pruning = weights(1000), PolynomialPruning(["a"], 0.8)
    for step in range(101):
        pruning.apply(tensors, step, 100)
        share = min(1.0, step / (RAMP * 100))
        assert zeros(tensors) == pytest.approx(1000 * 0.8 * (1 - (1 - share) ** 3), abs=1)
    assert (tensors["b"] == 1).all()


def test_the_smallest_weights_go() -> None:
    tensors, pruning = weights(), PolynomialPruning(["a"], 0.3)
    before = tensors["a"].clone()
    pruning.apply(tensors, 10, 10)
    assert before[tensors["a"] == 0].abs().max() < tensors["a"][tensors["a"] != 0].abs().min()


def test_what_is_zero_stays_zero_however_it_learns() -> None:
    tensors, pruning = weights(), PolynomialPruning(["a"], 0.9)
    gone = torch.zeros(100, dtype=torch.bool)
    for step in range(21):
        tensors["a"] += torch.randn(100, generator=torch.Generator().manual_seed(step))
        pruning.apply(tensors, step, 20)
        assert (tensors["a"][gone] == 0).all()
        gone = tensors["a"] == 0
    assert zeros(tensors) == 90


def test_without_steps_everything_goes_at_once() -> None:
    tensors = weights()
    PolynomialPruning(["a"], 0.5).apply(tensors, 0, 0)
    assert zeros(tensors) == 50


def test_a_run_that_goes_on_keeps_its_zeros() -> None:
    tensors = weights()
    PolynomialPruning(["a"], 0.9).apply(tensors, 30, 100)
    before = tensors["a"] == 0
    PolynomialPruning(["a"], 0.9).apply(tensors, 30, 100)
    assert torch.equal(tensors["a"] == 0, before)
