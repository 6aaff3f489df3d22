import numpy as np
import pytest

from search import knapsack
from search.knapsack import best


def test_weights_that_hardly_differ_come_to_an_end() -> None:
    parts = [(np.asarray([0, 6]), np.asarray([5e-324, 0.0])), (np.asarray([3, 1]), np.zeros(2))]
    assert [picks.tolist() for picks in best(parts, 0.0, 9)] == [[1, 1], [1, 0]]


def test_values_that_hardly_differ_come_to_an_end() -> None:
    parts = [(np.asarray([0.0, 5e-324, 1.0]), np.asarray([26, 25, 1]))]
    assert [picks.tolist() for picks in best(parts, 25, 2)] == [[1], [2]]


def test_too_many_good_selections_are_left_to_another_solver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(knapsack, "MOST_SUMS", 10)
    numbers = np.random.default_rng(0)
    parts = [(numbers.random(9), numbers.integers(0, 99, 9)) for _ in range(9)]
    with pytest.raises(knapsack.TooManySums):
        best(parts, 300, 5)


def test_without_room_for_the_lightest_there_is_nothing() -> None:
    assert best([(np.asarray([0.5]), np.asarray([3]))], 2) == []
