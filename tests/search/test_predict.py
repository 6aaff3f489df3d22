import pytest

from search.predict import predicted_accuracy, predicted_drop
from tests.search.problems import choice, problem


def test_drops_are_summed_and_negative_ones_count_as_none() -> None:
    picks = (choice("a", 1, 0.1, drop=1.5), choice("b", 1, 0.1, drop=-0.7))
    estimate = predicted_accuracy(problem(*((pick,) for pick in picks)), picks)
    assert estimate.value == 88.5
    assert estimate.standard_error == pytest.approx(0.5 * 2**0.5)


def test_an_accuracy_is_never_predicted_below_zero() -> None:
    picks = (choice("a", 1, 0.1, drop=60.0), choice("b", 1, 0.1, drop=60.0))
    assert predicted_accuracy(problem(*((pick,) for pick in picks)), picks).value == 0.0
    assert predicted_drop(picks).value == 120.0
