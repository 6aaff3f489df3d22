"""Decay fit: a prior decay moved towards what was measured, as far as the measurements weigh."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from search.decay import Decay, Observation, Parameters

Vector = NDArray[np.float64]

SCATTERS = np.geomspace(0.02, 1.0, 40)
"""Those that are tried; the likeliest is taken."""
PRIOR_STUDENTS = 6
"""The prior scatter counts as much as that of so many students."""
STEPS, ROUNDS, RESTEPS = 8, 3, 4
LONGEST_STEP = 0.7
"""Of ln λ and ln γ: beyond, the linearised curve says nothing."""
SMALLEST_ERROR = 0.1
"""Points; an accuracy of 0 or 100 % on few images is not known without error either."""


def posterior(prior: Decay, observations: Sequence[Observation]) -> Decay:
    """The likeliest curve by Gauss–Newton steps from the prior, with the likeliest scatter."""
    decay = prior
    for _ in range(ROUNDS):
        decay = replace(decay, scatter=_likeliest_scatter(decay, prior, observations))
        decay = _climbed(decay, prior, observations, STEPS)
    return decay


def posteriors_without(
    prior: Decay, observations: Sequence[Observation], whole: Decay
) -> list[Decay]:
    """For each student the curve of all others; the scatter stays that of the `whole`."""
    return [
        _climbed(whole, prior, [*observations[:place], *observations[place + 1 :]], RESTEPS)
        for place in range(len(observations))
    ]


def sampling_errors(observations: Sequence[Observation]) -> Vector:
    """Standard errors of the measured accuracies, none of them too small to be believed."""
    errors = (each.accuracy.standard_error for each in observations)
    return np.array([max(error, SMALLEST_ERROR) for error in errors])


def _climbed(decay: Decay, prior: Decay, observations: Sequence[Observation], steps: int) -> Decay:
    centre, precision = np.array(prior.parameters), np.linalg.inv(np.array(prior.covariance))
    accuracies = np.array([each.accuracy.value for each in observations])
    sampling = sampling_errors(observations) ** 2
    covariance = np.array(decay.covariance)
    for _ in range(steps):
        slopes, values = _linearised(decay, observations)
        weights = 1 / (sampling + (decay.scatter * slopes[:, 0]) ** 2)
        at = np.array(decay.parameters)
        covariance = np.linalg.inv(precision + (slopes.T * weights) @ slopes)
        pull = slopes.T @ (weights * (accuracies - values)) - precision @ (at - centre)
        step = np.clip(covariance @ pull, -LONGEST_STEP, LONGEST_STEP)
        decay = replace(decay, parameters=_parameters(at + step))
    rows = [_parameters(row) for row in covariance]
    return replace(decay, covariance=(rows[0], rows[1], rows[2]))


def _likeliest_scatter(decay: Decay, prior: Decay, observations: Sequence[Observation]) -> float:
    slopes, values = _linearised(decay, observations)
    residuals = np.array([each.accuracy.value for each in observations]) - values
    tried = SCATTERS[:, None]
    variances = sampling_errors(observations) ** 2 + (tried * slopes[None, :, 0]) ** 2
    misfit = (np.log(variances) + residuals**2 / variances).sum(1)
    doubt = PRIOR_STUDENTS * (2 * np.log(SCATTERS) + (prior.scatter / SCATTERS) ** 2)
    return float(SCATTERS[np.argmin(misfit + doubt)])


def _linearised(decay: Decay, observations: Sequence[Observation]) -> tuple[Vector, Vector]:
    """The gradients [students, 3] and the values [students] of the curve."""
    losses = [each.loss for each in observations]
    values = [decay.accuracy(loss) for loss in losses]
    return np.array([decay.gradient(loss) for loss in losses]).reshape(-1, 3), np.array(values)


def _parameters(values: Vector) -> Parameters:
    first, second, third = values.tolist()
    return first, second, third
