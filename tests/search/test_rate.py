import numpy as np
import pytest
from hypothesis import assume, given

from candidates.candidate import Score
from search.problem import Problem
from search.rate import LEAST, MOST, NOISE_NATS, points_per_nat, weights
from tests.search.problems import choice, problems


def scores(*points: tuple[float, float]) -> list[Score]:
    return [choice("a", 1, kl, drop).score for kl, drop in points]


@given(problems())
def test_the_rate_is_the_least_squares_slope_through_the_origin(of: Problem) -> None:
    found = [choice.score for choices in of.neighbourhoods for choice in choices]
    nats = np.array([score.kl.value for score in found])
    drops = np.array([score.accuracy_drop.value for score in found])
    assume((nats**2).sum() >= NOISE_NATS**2)
    (slope,), *_ = np.linalg.lstsq(nats[:, None], drops, rcond=None)
    assert points_per_nat(found).value == pytest.approx(max(slope, 0.0), rel=1e-6, abs=1e-9)


def test_the_teacher_alone_costs_nothing() -> None:
    assert points_per_nat(scores((0.0, 0.0))).value == 0.0


def test_candidates_that_only_gain_cost_nothing() -> None:
    assert points_per_nat(scores((0.1, -3.0))).value == 0.0


def test_scatter_about_the_rate_widens_its_error() -> None:
    clean, noisy = scores((1.0, 20.0), (2.0, 40.0)), scores((1.0, 10.0), (2.0, 45.0))
    assert points_per_nat(noisy).standard_error > points_per_nat(clean).standard_error > 0


def test_parts_where_a_nat_costs_more_weigh_more() -> None:
    dear, cheap = scores((1.0, 30.0), (2.0, 60.0)), scores((1.0, 15.0), (2.0, 30.0))
    above, below = weights([dear, cheap])
    assert above == pytest.approx(60 / 45, rel=0.05)
    assert below == pytest.approx(30 / 45, rel=0.05)


def test_parts_of_which_little_is_known_weigh_as_the_others() -> None:
    plain, odd = scores((1.0, 30.0), (2.0, 60.0)), scores((0.01, 1.0))
    assert weights([plain, odd])[1] == pytest.approx(1.0, abs=0.1)


def test_parts_without_any_loss_weigh_as_the_others() -> None:
    assert weights([scores((0.0, 0.0)), scores((1.0, 20.0))])[0] == 1.0


@given(problems())
def test_weights_stay_within_reason(of: Problem) -> None:
    found = weights([[choice.score for choice in each] for each in of.neighbourhoods])
    assert all(LEAST <= weight <= MOST for weight in found)
