from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from candidates import reconstruct as module_under_test
from candidates.reconstruct import (
    Consumer,
    Elimination,
    eliminate,
    onto,
    regularised,
    shrunk,
    solve,
)

RIDGE = 1e-9


class Sizes(NamedTuple):
    """`extra` columns are nobody's; if `scattered`, the owned ones lie between them anyhow."""

    channels: int
    block: int
    outputs: int = 4
    groups: int = 1
    extra: int = 0
    scattered: bool = False


def columns(channels: Sequence[int], block: int) -> Tensor:
    starts = torch.tensor(list(channels), dtype=torch.long).unsqueeze(1) * block
    return (starts + torch.arange(block)).flatten()


def consumer(sizes: Sizes, seed: int = 0) -> Consumer:
    """Correlated inputs of very different sizes."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    channels, block, outputs, groups, extra, scattered = sizes
    size = channels * block + extra
    mixed = torch.eye(size) + 0.3 * draw(groups, size, size)
    rows = draw(groups, 6 * size, size) @ mixed @ torch.diag(draw(size).exp())
    places = torch.arange(size)
    if scattered:
        places = torch.randperm(size, generator=generator)
    owned = places[: channels * block].reshape(channels, block)
    return Consumer(rows.mT @ rows / rows.shape[1], draw(groups, outputs, size), owned)


def least_error(reader: Consumer, kept: list[int], ridge: float) -> float:
    """min over Ŵ of tr((W − Ŵ) G (W − Ŵ)ᵀ) with Ŵ zero outside `kept`, by least squares."""
    gone = set(reader.owned.flatten().tolist()) - set(reader.owned[kept].flatten().tolist())
    index = torch.tensor(
        [c for c in range(reader.gram.shape[1]) if c not in gone], dtype=torch.long
    )
    total = 0.0
    for gram, weight in zip(reader.gram, reader.weight, strict=True):
        root = torch.linalg.cholesky(regularised(gram, ridge)).T  # G = RᵀR
        target = root @ weight.T
        best = torch.linalg.lstsq(root[:, index], target, driver="gelsd").solution
        total += float((root[:, index] @ best - target).square().sum())
    return total


def by_brute_force(readers: list[Consumer], ridge: float) -> Elimination:
    """Try every index at every step and solve anew."""
    alive = list(range(len(readers[0].owned)))
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


@pytest.mark.parametrize(
    "sizes",
    [
        Sizes(8, 1), Sizes(2, 1), Sizes(5, 9), Sizes(2, 9), Sizes(6, 1, groups=3),
        Sizes(4, 4, groups=2), Sizes(6, 1, extra=5), Sizes(4, 3, extra=4, scattered=True),
        Sizes(5, 2, scattered=True), Sizes(4, 2, groups=2, extra=3, scattered=True),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_each_step_removes_what_trying_all_would_remove(sizes: Sizes, seed: int) -> None:
    reader = consumer(sizes, seed)
    found, expected = eliminate([reader], RIDGE), by_brute_force([reader], RIDGE)
    assert found.order == expected.order
    assert found.errors == pytest.approx(expected.errors, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_consumers_that_share_a_width_add_their_errors(seed: int) -> None:
    readers = [consumer(Sizes(5, 9), seed), consumer(Sizes(5, 1, outputs=7), seed + 10)]
    found, expected = eliminate(readers, RIDGE), by_brute_force(readers, RIDGE)
    assert found.order == expected.order
    assert found.errors == pytest.approx(expected.errors, rel=1e-5)


def test_forgetting_removed_channels_on_the_way_changes_nothing() -> None:
    """Twenty channels are compacted several times on the way down to one."""
    reader = consumer(Sizes(20, 2))
    found = eliminate([reader], RIDGE)
    for count in range(1, 20):
        error = least_error(reader, list(found.kept(count)), RIDGE)
        assert found.errors[19 - count] == pytest.approx(error, rel=1e-4)
    assert found.order == by_brute_force([reader], RIDGE).order


@given(st.integers(2, 9), st.sampled_from([1, 4]), st.integers(0, 999))
def test_the_order_names_every_channel_once_and_errors_never_fall(
    channels: int, block: int, seed: int
) -> None:
    found = eliminate([consumer(Sizes(channels, block), seed)], 1e-4)
    assert sorted(found.order) == list(range(channels))
    assert len(found.errors) == channels - 1
    assert all(left <= right * (1 + 1e-9) for left, right in pairwise((0.0, *found.errors)))


def test_kept_channels_are_ascending_and_nested() -> None:
    found = eliminate([consumer(Sizes(9, 1))], RIDGE)
    for count in range(1, 9):
        assert len(found.kept(count)) == count
        assert list(found.kept(count)) == sorted(found.kept(count))
        assert set(found.kept(count)) < set(found.kept(count + 1))
    assert found.kept(9) == tuple(range(9))


@pytest.mark.parametrize("block", [1, 9])
def test_dead_channels_go_first_and_cost_nothing(block: int) -> None:
    reader = consumer(Sizes(6, block))
    dead = columns([1, 4], block)
    reader.gram[:, dead], reader.gram[:, :, dead] = 0, 0
    found = eliminate([reader], 1e-6)
    assert set(found.order[:2]) == {1, 4}
    assert found.errors[1] < 1e-3 * found.errors[2]


def test_a_channel_that_others_add_up_to_costs_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(100, 5, dtype=torch.float64, generator=generator)
    rows[:, 3] = rows[:, 0] - 2 * rows[:, 2]
    weight = torch.randn(1, 4, 5, dtype=torch.float64)
    reader = Consumer((rows.T @ rows / 100).unsqueeze(0), weight, torch.arange(5).unsqueeze(1))
    found = eliminate([reader], 1e-8)
    assert found.order[0] in (0, 2, 3)
    assert found.errors[0] < 1e-5 * found.errors[1]


@pytest.mark.parametrize("rank", [0, 1, 3])
@pytest.mark.parametrize("block", [1, 4])
def test_grams_of_any_rank_are_eliminated(rank: int, block: int) -> None:
    rows = torch.randn(rank, 6 * block, dtype=torch.float64)
    owned = torch.arange(6 * block).reshape(6, block)
    gram, weight = (rows.T @ rows).unsqueeze(0), torch.randn(1, 3, 6 * block)
    found = eliminate([Consumer(gram, weight, owned)], 1e-4)
    assert sorted(found.order) == list(range(6))
    assert all(torch.isfinite(torch.tensor(found.errors)))


def test_a_group_of_one_channel_has_nothing_to_remove() -> None:
    assert eliminate([consumer(Sizes(1, 9))], RIDGE) == Elimination((0,), ())


def test_the_consumers_themselves_are_not_changed() -> None:
    reader = consumer(Sizes(5, 1))
    before = reader.gram.clone(), reader.weight.clone()
    eliminate([reader], RIDGE)
    torch.testing.assert_close((reader.gram, reader.weight), before, rtol=0, atol=0)


def test_a_very_wide_width_loses_several_indices_together_at_their_exact_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = consumer(Sizes(40, 2, groups=2))
    one_by_one = eliminate([reader], RIDGE)
    monkeypatch.setattr(module_under_test, "EXACT", 16)
    found = eliminate([reader], RIDGE)
    assert sorted(found.order) == list(range(40))
    for count in (1, 7, 20, 33, 39):
        error = least_error(reader, list(found.kept(count)), RIDGE)
        assert found.errors[39 - count] == pytest.approx(error, rel=1e-4)
        assert found.errors[39 - count] < 1.3 * one_by_one.errors[39 - count]


@pytest.mark.parametrize("groups", [1, 3])
def test_the_best_weights_are_those_of_least_squares(groups: int) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(groups, 300, 20, dtype=torch.float64, generator=generator)
    weight = torch.randn(groups, 4, 20, dtype=torch.float64, generator=generator)
    index = torch.tensor([0, 3, 4, 11, 19])
    found = weight @ onto(rows.mT @ rows / 300, index, 1e-12)
    expected = torch.linalg.lstsq(rows[:, :, index], rows @ weight.mT).solution.mT
    torch.testing.assert_close(found, expected)


def test_the_best_weights_for_all_columns_are_the_weights() -> None:
    reader = consumer(Sizes(4, 9))
    found = reader.weight @ onto(reader.gram, torch.arange(36), 1e-4)
    torch.testing.assert_close(found, reader.weight)


def test_the_best_weights_have_the_error_that_the_elimination_said() -> None:
    reader = consumer(Sizes(6, 2, extra=3, scattered=True))
    found = eliminate([reader], 1e-4)
    gone = reader.owned[[c for c in range(6) if c not in found.kept(3)]].flatten().tolist()
    index = torch.tensor([column for column in range(15) if column not in gone])
    change = reader.weight.clone()
    change[:, :, index] -= reader.weight @ onto(reader.gram, index, 1e-4)
    error = (change @ regularised(reader.gram, 1e-4) @ change.mT)[0].trace()
    assert found.errors[2] == pytest.approx(float(error))


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
    gram = regularised(consumer(Sizes(4, 1, groups=2)).gram, 0.1)
    right = torch.randn(2, 4, 2, dtype=torch.float64)
    torch.testing.assert_close(gram @ solve(gram, right), right)


def draws(truth: Tensor, num_rows: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(num_rows, len(truth), dtype=torch.float64, generator=generator)
    return rows @ torch.linalg.cholesky(truth).T


def test_a_covariance_of_few_rows_is_shrunk_to_be_nearer_to_the_truth() -> None:
    truth = regularised(consumer(Sizes(30, 1)).gram[0], 0.1)
    for seed in range(5):
        rows = draws(truth, 40, seed)
        gram = rows.T @ rows / 40
        better = shrunk(gram, 40)
        kept = torch.arange(15)
        errors = [
            float((truth @ _change(found, kept) @ _change(found, kept).T).trace())
            for found in (gram, better)
        ]
        assert errors[1] < errors[0]
        assert torch.equal(better - better.diag().diag(), gram - gram.diag().diag())


def _change(gram: Tensor, kept: Tensor) -> Tensor:
    """What the best map onto the kept columns for a Gram changes about each column."""
    result = torch.eye(len(gram)).double()
    result[:, kept] -= onto(gram.unsqueeze(0), kept, 1e-9)[0]
    return result.T


def test_the_shrinkage_is_what_its_paper_says() -> None:
    gram = consumer(Sizes(7, 1)).gram[0]
    trace, squares = gram.trace(), (gram @ gram).trace()
    rho = ((1 - 2 / 7) * squares + trace**2) / ((50 + 1 - 2 / 7) * (squares - trace**2 / 7))
    expected = (1 - rho) * gram + rho * trace / 7 * torch.eye(7)
    assert rho < 0.9
    torch.testing.assert_close((1 - rho) * shrunk(gram, 50), expected)


def test_a_covariance_of_many_rows_is_taken_as_it_is() -> None:
    gram = consumer(Sizes(7, 1)).gram
    assert torch.equal(shrunk(gram, 16 * 7), gram)
    assert not torch.equal(shrunk(gram, 16 * 7 - 1), gram)


def test_covariances_that_are_zero_or_round_stay_finite() -> None:
    for gram in (torch.zeros(1, 4, 4).double(), torch.eye(4).double().unsqueeze(0)):
        assert torch.isfinite(shrunk(gram, 3)).all()
