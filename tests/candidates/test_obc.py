from itertools import combinations

import pytest
import torch
from torch import Tensor

from candidates import obc
from candidates.obc import survivors, swept, trace


def problem(outputs: int, columns: int, groups: int = 1, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A regular Gram of correlated inputs, and weights."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(groups, 4 * columns, columns, generator=generator, dtype=torch.float64)
    mixed = rows @ torch.randn(columns, columns, generator=generator, dtype=torch.float64)
    gram = mixed.mT @ mixed / rows.shape[1] + 0.01 * torch.eye(columns, dtype=torch.float64)
    weight = torch.randn(groups, outputs, columns, generator=generator, dtype=torch.float64)
    return gram, weight


def error(gram: Tensor, weight: Tensor, other: Tensor) -> float:
    missed = weight - other
    return float((missed @ gram * missed).sum())


def least_squares(gram: Tensor, weight: Tensor, support: tuple[int, ...]) -> Tensor:
    """Of one row [d], by a general solver on the factor of the Gram."""
    factor = torch.linalg.cholesky(gram).T
    index = list(support)
    result = torch.zeros_like(weight)
    target = (factor @ weight).unsqueeze(1)
    result[index] = torch.linalg.lstsq(factor[:, index], target, driver="gelsd").solution[:, 0]
    return result


def best(gram: Tensor, weight: Tensor, count: int) -> float:
    """The least error of one row with `count` weights, over all supports."""
    return min(
        error(gram, weight, least_squares(gram, weight, support))
        for support in combinations(range(len(weight)), count)
    )


def pruned(gram: Tensor, weight: Tensor, removed: int) -> Tensor:
    found = trace(gram, weight, weight.shape[2])
    counts = torch.full(weight.shape[:2], removed)
    return found.mask(counts, weight.shape[2])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("removed", [2, 4, 6])
def test_greedy_lies_between_the_best_mask_and_the_smallest_weights(
    seed: int, removed: int
) -> None:
    gram, weight = problem(3, 8, seed=seed)
    mask = pruned(gram, weight, removed)
    ours = error(gram, weight, survivors(gram, weight, mask))
    optimum = sum(best(gram[0], row, 8 - removed) for row in weight[0])
    small = weight.abs().argsort(2).argsort(2) >= removed
    plain = error(gram, weight, survivors(gram, weight, small))
    assert optimum * (1 - 1e-9) <= ours <= plain


@pytest.mark.parametrize("groups", [1, 3])
def test_survivors_are_the_least_squares_solution_on_their_support(groups: int) -> None:
    gram, weight = problem(3, 9, groups)
    mask = pruned(gram, weight, 5)
    found = survivors(gram, weight, mask)
    for group in range(groups):
        for row in range(3):
            support = tuple(mask[group, row].nonzero().flatten().tolist())
            expected = least_squares(gram[group], weight[group, row], support)
            torch.testing.assert_close(found[group, row], expected)
            assert (found[group, row] != 0).sum() == 4


@pytest.mark.parametrize("together", [1, 3, 32])
@pytest.mark.parametrize("max_bytes", [1, 2**20])
def test_losses_add_up_to_the_error_of_every_prefix(
    together: int, max_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obc, "TOGETHER", together)
    monkeypatch.setattr(obc, "MAX_BYTES", max_bytes)
    gram, weight = problem(4, 10, groups=2)
    found = trace(gram, weight, 10)
    for removed in range(11):
        mask = found.mask(torch.full((2, 4), removed), 10)
        ours = error(gram, weight, survivors(gram, weight, mask))
        assert ours == pytest.approx(float(found.losses[:, :, :removed].sum()), rel=1e-8, abs=1e-12)


def test_every_removal_is_the_cheapest_of_those_left() -> None:
    gram, weight = problem(1, 7)
    found = trace(gram, weight, 6)
    left = list(range(7))
    for column in found.order[0, 0].tolist():
        errors = {
            each: error(
                gram[0],
                weight[0, 0],
                least_squares(gram[0], weight[0, 0], tuple(c for c in left if c != each)),
            )
            for each in left
        }
        assert min(errors, key=errors.__getitem__) == column
        left.remove(column)


def test_rows_may_lose_different_numbers_of_weights() -> None:
    gram, weight = problem(2, 6)
    found = trace(gram, weight, 6)
    assert found.mask(torch.tensor([[0, 4]]), 6).sum(2).tolist() == [[6, 2]]
    assert (found.keys.diff(dim=2) >= 0).all()


SETS = torch.tensor([[0, 2, 4, 6], [1, 3, 5, 7]])


def test_half_of_every_set_goes() -> None:
    gram, weight = problem(5, 8, groups=2)
    found = trace(gram, weight, 4, SETS)
    mask = found.mask(torch.full((2, 5), 4), 8)
    assert (mask[:, :, SETS].sum(3) == 2).all()
    free = survivors(gram, weight, pruned(gram, weight, 4))
    assert error(gram, weight, survivors(gram, weight, mask)) >= error(gram, weight, free)
    smallest = weight[:, :, SETS].abs().argsort(3).argsort(3) >= 2
    plain = torch.zeros_like(mask)
    plain[:, :, SETS.flatten()] = smallest.flatten(2)
    assert error(gram, weight, survivors(gram, weight, mask)) < error(
        gram, weight, survivors(gram, weight, plain)
    )


@pytest.mark.parametrize("sets", [None, SETS])
def test_a_sweep_keeps_its_share_and_beats_the_smallest_weights(sets: Tensor | None) -> None:
    gram, weight = problem(16, 8, groups=2)
    mask = swept(gram, weight, 0.5, sets)
    assert (mask.sum((1, 2)) == 64).all()
    if sets is not None:
        assert (mask[:, :, sets].sum(3) == 2).all()
    plain = weight.abs().argsort(2).argsort(2) >= 4
    ours = error(gram, weight, survivors(gram, weight, mask))
    assert ours < error(gram, weight, survivors(gram, weight, plain))


def test_a_row_without_weights_left_is_zero() -> None:
    gram, weight = problem(2, 4)
    mask = torch.tensor([[[True] * 4, [False] * 4]])
    found = survivors(gram, weight, mask)
    torch.testing.assert_close(found[0, 0], weight[0, 0])
    assert not found[0, 1].any()
