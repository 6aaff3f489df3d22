import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from candidates.candidate import Estimate
from search.decay import Decay, Observation, Parameters
from search.decay_fit import posterior, posteriors_without

PRIOR = Decay(
    teacher=90.0,
    chance=10.0,
    parameters=(math.log(0.3), 0.0, 0.0),
    covariance=((0.16, 0.0, 0.0), (0.0, 0.04, 0.0), (0.0, 0.0, 0.5)),
    scatter=0.3,
)


def observed(count: int) -> list[Observation]:
    """Students of a decay that is not the prior's, with sampling and scatter."""
    numbers = np.random.default_rng(0)
    losses = np.geomspace(0.02, 6, count)
    accuracies = 10 + 79 * np.exp(-((0.5 * losses * np.exp(numbers.normal(0, 0.1, count))) ** 1.2))
    return [
        Observation(float(loss), Estimate(value=float(value), standard_error=0.5))
        for loss, value in zip(losses, accuracies + numbers.normal(0, 0.5, count), strict=True)
    ]


def test_no_loss_keeps_all_and_endless_loss_leaves_chance() -> None:
    assert PRIOR.accuracy(0.0) == 90.0
    assert PRIOR.accuracy(1e6) == 10.0


@given(st.floats(0.01, 1.0))
def test_the_largest_loss_keeps_just_the_share(kept: float) -> None:
    bent = replace(PRIOR, parameters=(-1.0, 0.3, 0.5))
    assert bent.kept(bent.largest_loss(kept)) == pytest.approx(kept)


@pytest.mark.parametrize("loss", [0.01, 0.4, 3.0, 20.0])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_gradient_is_that_of_finite_differences(loss: float, place: int) -> None:
    at = (-1.0, 0.3, 0.5)
    step = 1e-6 * np.eye(3)[place]
    higher, lower = (replace(PRIOR, parameters=parameters(at + sign * step)) for sign in (1, -1))
    slope = (higher.accuracy(loss) - lower.accuracy(loss)) / 2e-6
    assert replace(PRIOR, parameters=at).gradient(loss)[place] == pytest.approx(slope, abs=1e-4)


def test_the_posterior_is_the_likeliest_curve() -> None:
    """A general minimiser finds no better one at the same scatter."""
    seen = observed(20)
    found = posterior(PRIOR, seen)
    slopes = np.array([found.gradient(each.loss)[0] for each in seen])
    variances = 0.5**2 + (found.scatter * slopes) ** 2

    def misfit(at: np.ndarray) -> float:
        curve = replace(PRIOR, parameters=parameters(at))
        misses = np.array([each.accuracy.value - curve.accuracy(each.loss) for each in seen])
        doubts = np.diag(PRIOR.covariance)
        away = ((at - np.array(PRIOR.parameters)) ** 2 / doubts).sum()
        return float((misses**2 / variances).sum() + away)

    best = minimize(misfit, np.array(PRIOR.parameters), method="Nelder-Mead", tol=1e-9)
    assert found.parameters == pytest.approx(tuple(best.x), abs=2e-3)


def test_no_students_leave_the_prior_curve() -> None:
    assert posterior(PRIOR, []).parameters == PRIOR.parameters


def test_students_who_lie_close_make_the_scatter_small() -> None:
    assert posterior(PRIOR, observed(40)).scatter == pytest.approx(0.1, abs=0.05)


def test_a_student_left_out_has_no_say() -> None:
    seen = observed(10)
    whole = posterior(PRIOR, seen)
    odd = replace(seen[4], accuracy=Estimate(value=0.0, standard_error=0.5))
    changed = [*seen[:4], odd, *seen[5:]]
    without = posteriors_without(PRIOR, seen, whole)[4]
    assert posteriors_without(PRIOR, changed, whole)[4] == without


def parameters(values: np.ndarray) -> Parameters:
    first, second, third = map(float, values)
    return first, second, third
