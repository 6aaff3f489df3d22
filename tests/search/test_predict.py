import numpy as np
import pytest
from hypothesis import assume, given

from search.predict import predicted_accuracy, predicted_drop
from search.problem import NOISE_NATS, Problem
from tests.search.problems import choice, problem, problems


@given(problems())
def test_the_rate_is_the_least_squares_slope_through_the_origin(of: Problem) -> None:
    scores = [choice.score for choices in of.neighbourhoods for choice in choices]
    nats = np.array([score.kl.value for score in scores])
    drops = np.array([score.accuracy_drop.value for score in scores])
    assume((nats**2).sum() >= NOISE_NATS**2)
    (slope,), *_ = np.linalg.lstsq(nats[:, None], drops, rcond=None)
    assert of.points_per_nat.value == pytest.approx(max(slope, 0.0), rel=1e-6, abs=1e-9)


def test_a_drop_is_the_rate_times_the_summed_kl() -> None:
    of = problem((choice("a", 1, 0.1, drop=2.0),), (choice("b", 1, 0.2, drop=4.0),))
    picks = tuple(choices[0] for choices in of.neighbourhoods)
    assert predicted_drop(of, picks).value == pytest.approx(6.0)
    assert predicted_drop(of, picks).standard_error == pytest.approx(0.0, abs=1e-9)
    assert predicted_accuracy(of, picks).value == pytest.approx(84.0)


def test_an_error_of_sampling_remains_when_the_fit_is_perfect() -> None:
    of = problem((choice("a", 1, 0.1, drop=10.0),))
    estimate = predicted_accuracy(of, of.neighbourhoods[0])
    assert estimate.standard_error == pytest.approx((80 * 20 / 100) ** 0.5)


def test_scatter_about_the_fit_widens_the_error() -> None:
    clean = problem((choice("a", 1, 0.1, drop=2.0), choice("b", 1, 0.2, drop=4.0)))
    noisy = problem((choice("a", 1, 0.1, drop=0.0), choice("b", 1, 0.2, drop=5.0)))
    picks = clean.neighbourhoods[0][:1]
    assert predicted_drop(noisy, picks).standard_error > predicted_drop(clean, picks).standard_error


def test_an_accuracy_is_never_predicted_below_zero() -> None:
    of = problem((choice("a", 1, 0.1, drop=60.0),), (choice("b", 1, 0.1, drop=60.0),))
    picks = tuple(choices[0] for choices in of.neighbourhoods)
    assert predicted_accuracy(of, picks).value == 0.0


def test_candidates_that_only_gain_predict_no_gain() -> None:
    of = problem((choice("a", 1, 0.1, drop=-3.0),))
    assert predicted_accuracy(of, of.neighbourhoods[0]).value == 90.0


def test_a_library_of_the_teacher_alone_predicts_the_teacher() -> None:
    of = problem((choice("a", 1, 0.0),))
    assert predicted_accuracy(of, of.neighbourhoods[0]).value == 90.0
