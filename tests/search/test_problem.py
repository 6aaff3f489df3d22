import numpy as np
import pytest
from hypothesis import assume, given

from search.problem import NOISE_NATS, Problem
from tests.search.problems import problems


@given(problems())
def test_the_rate_is_the_least_squares_slope_through_the_origin(of: Problem) -> None:
    scores = [choice.score for choices in of.neighbourhoods for choice in choices]
    nats = np.array([score.kl.value for score in scores])
    drops = np.array([score.accuracy_drop.value for score in scores])
    assume((nats**2).sum() >= NOISE_NATS**2)
    (slope,), *_ = np.linalg.lstsq(nats[:, None], drops, rcond=None)
    assert of.points_per_nat.value == pytest.approx(max(slope, 0.0), rel=1e-6, abs=1e-9)
