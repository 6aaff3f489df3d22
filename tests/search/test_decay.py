import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from candidates.candidate import Estimate
from search.decay import Decay, Fit, Observation, Parameters
from search.decay_fit import WEIGHT_DOUBT, posterior, posteriors_without

PRIOR = Decay(
    teacher=90.0,
    chance=10.0,
    parameters=(math.log(0.3), 0.0, 0.0),
    covariance=((0.16, 0.0, 0.0), (0.0, 0.04, 0.0), (0.0, 0.0, 0.5)),
    scatter=0.3,
)


FIT = Fit(PRIOR, (1.0, 1.0))


def observed(count: int) -> list[Observation]:
    """Students of a decay that is not the prior's, with sampling and scatter."""
    numbers = np.random.default_rng(0)
    losses = np.geomspace(0.02, 6, count)
    accuracies = 10 + 79 * np.exp(-((0.5 * losses * np.exp(numbers.normal(0, 0.1, count))) ** 1.2))
    return [
        Observation((part * loss, loss - part * loss), Estimate(value=value, standard_error=0.5))
        for part, loss, value in zip(
            numbers.random(count), losses.tolist(), accuracies.tolist(), strict=True
        )
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
    found = posterior(FIT, seen)
    nats = np.array([each.nats for each in seen])
    accuracies = np.array([each.accuracy.value for each in seen])
    slopes = np.array([found.decay.gradient(loss)[0] for loss in nats @ found.weights])
    variances = (0.5 * found.own_share) ** 2 + (found.decay.scatter * slopes) ** 2
    doubts = np.array([*np.diag(PRIOR.covariance), WEIGHT_DOUBT**2, WEIGHT_DOUBT**2])
    centre = np.array([*PRIOR.parameters, 0.0, 0.0])

    def misfit(at: np.ndarray) -> float:
        curve = replace(PRIOR, parameters=parameters(at[:3]))
        misses = accuracies - [curve.accuracy(loss) for loss in nats @ np.exp(at[3:])]
        return float((misses**2 / variances).sum() + ((at - centre) ** 2 / doubts).sum())

    best = minimize(misfit, centre, method="Nelder-Mead", options={"xatol": 1e-7, "maxfev": 5000})
    at = (*found.decay.parameters, *np.log(found.weights))
    assert at == pytest.approx(tuple(best.x), abs=5e-3)


def test_no_students_leave_the_prior_curve() -> None:
    assert posterior(FIT, []).decay.parameters == PRIOR.parameters
    assert posterior(FIT, []).weights == FIT.weights


def test_students_who_lie_close_make_the_scatter_small() -> None:
    assert posterior(FIT, observed(40)).decay.scatter == pytest.approx(0.1, abs=0.05)


def test_a_student_of_the_teacher_itself_tells_of_the_images_alone() -> None:
    best = Observation((0.0, 0.0), Estimate(value=92.0, standard_error=0.1))
    found = posterior(FIT, [best])
    assert found.decay.accuracy(0.0) > 91.5
    assert found.weights == pytest.approx((1.0, 1.0))


def test_a_student_left_out_has_no_say() -> None:
    seen = observed(10)
    whole = posterior(FIT, seen)
    odd = replace(seen[4], accuracy=Estimate(value=0.0, standard_error=0.5))
    changed = [*seen[:4], odd, *seen[5:]]
    without = posteriors_without(FIT, seen, whole)[4]
    assert posteriors_without(FIT, changed, whole)[4] == without


def parameters(values: np.ndarray) -> Parameters:
    first, second, third = map(float, values)
    return first, second, third
