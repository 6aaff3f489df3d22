from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from candidates.reconstruct import (
    Consumer,
    Elimination,
    best_weights,
    columns,
    eliminate,
    regularised,
    solve,
)

RIDGE = 1e-9


def consumer(channels: int, block: int, outputs: int = 4, seed: int = 0) -> Consumer:
    """Correlated inputs of very different sizes."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    size = channels * block
    rows = draw(6 * size, size) @ (torch.eye(size) + 0.3 * draw(size, size)) * draw(size).exp()
    return Consumer(rows.T @ rows / len(rows), draw(outputs, size), block)


def least_error(reader: Consumer, kept: list[int], ridge: float) -> float:
    """min over Ŵ of tr((W − Ŵ) G (W − Ŵ)ᵀ) with Ŵ zero outside `kept`, by least squares."""
    root = torch.linalg.cholesky(regularised(reader.gram, ridge)).T  # G = RᵀR
    index = columns(kept, reader.block)
    target = root @ reader.weight.T
    if not kept:
        return float(target.square().sum())
    best = torch.linalg.lstsq(root[:, index], target, driver="gelsd").solution
    return float((root[:, index] @ best - target).square().sum())


def by_brute_force(readers: list[Consumer], ridge: float) -> Elimination:
    """Try every channel at every step and solve anew."""
    alive = list(range(readers[0].weight.shape[1] // readers[0].block))
    order, errors = [], []
    while len(alive) > 1:
        trials = {
            channel: sum(
                least_error(reader, [c for c in alive if c != channel], ridge) for reader in readers
            )
            for channel in alive
        }
        gone = min(trials, key=lambda channel: trials[channel])
        alive.remove(gone)
        order.append(gone)
        errors.append(trials[gone])
    return Elimination((*order, *alive), tuple(errors))


@pytest.mark.parametrize(("channels", "block"), [(8, 1), (2, 1), (5, 9), (2, 9)])
@pytest.mark.parametrize("seed", range(3))
def test_each_step_removes_what_trying_all_would_remove(
    channels: int, block: int, seed: int
) -> None:
    reader = consumer(channels, block, seed=seed)
    found, expected = eliminate([reader], RIDGE), by_brute_force([reader], RIDGE)
    assert found.order == expected.order
    assert found.errors == pytest.approx(expected.errors, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_consumers_that_share_a_width_add_their_errors(seed: int) -> None:
    readers = [consumer(5, 9, seed=seed), consumer(5, 1, outputs=7, seed=seed + 10)]
    found, expected = eliminate(readers, RIDGE), by_brute_force(readers, RIDGE)
    assert found.order == expected.order
    assert found.errors == pytest.approx(expected.errors, rel=1e-5)


def test_forgetting_removed_channels_on_the_way_changes_nothing() -> None:
    """Twenty channels are compacted several times on the way down to one."""
    reader = consumer(20, 2)
    found = eliminate([reader], RIDGE)
    for count in range(1, 20):
        error = least_error(reader, list(found.kept(count)), RIDGE)
        assert found.errors[19 - count] == pytest.approx(error, rel=1e-4)
    assert found.order == by_brute_force([reader], RIDGE).order


@given(st.integers(2, 9), st.sampled_from([1, 4]), st.integers(0, 999))
def test_the_order_names_every_channel_once_and_errors_never_fall(
    channels: int, block: int, seed: int
) -> None:
    found = eliminate([consumer(channels, block, seed=seed)], 1e-4)
    assert sorted(found.order) == list(range(channels))
    assert len(found.errors) == channels - 1
    assert all(left <= right * (1 + 1e-9) for left, right in pairwise((0.0, *found.errors)))


def test_kept_channels_are_ascending_and_nested() -> None:
    found = eliminate([consumer(9, 1)], RIDGE)
    for count in range(1, 9):
        assert len(found.kept(count)) == count
        assert list(found.kept(count)) == sorted(found.kept(count))
        assert set(found.kept(count)) < set(found.kept(count + 1))
    assert found.kept(9) == tuple(range(9))


@pytest.mark.parametrize("block", [1, 9])
def test_dead_channels_go_first_and_cost_nothing(block: int) -> None:
    reader = consumer(6, block)
    dead = columns([1, 4], block)
    reader.gram[dead], reader.gram[:, dead] = 0, 0
    found = eliminate([reader], 1e-6)
    assert set(found.order[:2]) == {1, 4}
    assert found.errors[1] < 1e-3 * found.errors[2]


def test_a_channel_that_others_add_up_to_costs_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(100, 5, dtype=torch.float64, generator=generator)
    rows[:, 3] = rows[:, 0] - 2 * rows[:, 2]
    reader = Consumer(rows.T @ rows / 100, torch.randn(4, 5, dtype=torch.float64), 1)
    found = eliminate([reader], 1e-8)
    assert found.order[0] in (0, 2, 3)
    assert found.errors[0] < 1e-5 * found.errors[1]


@pytest.mark.parametrize("rank", [0, 1, 3])
@pytest.mark.parametrize("block", [1, 4])
def test_grams_of_any_rank_are_eliminated(rank: int, block: int) -> None:
    rows = torch.randn(rank, 6 * block, dtype=torch.float64)
    found = eliminate([Consumer(rows.T @ rows, torch.randn(3, 6 * block), block)], 1e-4)
    assert sorted(found.order) == list(range(6))
    assert all(torch.isfinite(torch.tensor(found.errors)))


def test_a_group_of_one_channel_has_nothing_to_remove() -> None:
    assert eliminate([consumer(1, 9)], RIDGE) == Elimination((0,), ())


def test_the_consumers_themselves_are_not_changed() -> None:
    reader = consumer(5, 1)
    before = reader.gram.clone(), reader.weight.clone()
    eliminate([reader], RIDGE)
    torch.testing.assert_close((reader.gram, reader.weight), before, rtol=0, atol=0)


@pytest.mark.parametrize("block", [1, 9])
def test_the_best_weights_are_those_of_least_squares(block: int) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(300, 5 * block, dtype=torch.float64, generator=generator)
    weight = torch.randn(4, 5 * block, dtype=torch.float64, generator=generator)
    kept = [0, 3]
    found = best_weights(rows.T @ rows / 300, weight, kept, block, 1e-12)
    expected = torch.linalg.lstsq(
        rows[:, columns(kept, block)], rows @ weight.T, driver="gelsd"
    ).solution.T
    torch.testing.assert_close(found, expected)


def test_the_best_weights_for_all_channels_are_the_weights() -> None:
    reader = consumer(4, 9)
    found = best_weights(reader.gram, reader.weight, range(4), 9, 1e-4)
    torch.testing.assert_close(found, reader.weight)


def test_the_best_weights_have_the_error_that_the_elimination_said() -> None:
    reader = consumer(6, 2)
    found = eliminate([reader], 1e-4)
    kept = found.kept(3)
    change = reader.weight.clone()
    change[:, columns(kept, 2)] -= best_weights(reader.gram, reader.weight, kept, 2, 1e-4)
    error = (change @ regularised(reader.gram, 1e-4) @ change.T).trace()
    assert found.errors[2] == pytest.approx(float(error))


def test_columns_come_channel_by_channel() -> None:
    assert columns([2, 0], 3).tolist() == [6, 7, 8, 0, 1, 2]


def test_the_ridge_is_relative_to_the_mean_of_the_diagonal() -> None:
    gram = torch.diag(torch.tensor([1.0, 3.0]).double())
    assert regularised(gram, 0.5).diagonal().tolist() == [2.0, 4.0]
    assert regularised(torch.zeros(2, 2).double(), 0.5).diagonal().tolist() == [0.5, 0.5]


def test_a_gram_that_noise_made_indefinite_can_still_be_solved() -> None:
    noise = torch.randn(6, 6, dtype=torch.float64)
    for gram in (
        noise + noise.T,
        -torch.eye(6).double(),
        torch.diag(torch.tensor([1, -1e-3]).double()),
    ):
        assert torch.linalg.eigvalsh(regularised(gram, 1e-4)).min() > 0


def test_solving_gives_the_inverse_times_the_right_side() -> None:
    gram = regularised(consumer(4, 1).gram, 0.1)
    right = torch.randn(4, 2, dtype=torch.float64)
    torch.testing.assert_close(gram @ solve(gram, right), right)
