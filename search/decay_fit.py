"""Decay fit: a prior decay moved towards what was measured, as far as the measurements weigh."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from search.decay import Decay, Observation, Parameters

Vector = NDArray[np.float64]

SCATTERS = np.geomspace(0.02, 1.0, 40)
"""Those that are tried; the likeliest is taken."""
PRIOR_STUDENTS = 6
"""The prior scatter counts as much as that of so many students."""
STEPS, ROUNDS, RESTEPS = 8, 3, 3
LONGEST_STEP = 0.7
"""Of ln λ and ln γ: beyond, the linearised curve says nothing."""
SMALLEST_ERROR = 0.1
"""Points; an accuracy of 0 or 100 % on few images is not known without error either."""


def posterior(prior: Decay, observations: Sequence[Observation]) -> Decay:
    """The likeliest curve by Gauss–Newton steps from the prior, with the likeliest scatter."""
    seen, decay = _Seen.of(observations), prior
    for _ in range(ROUNDS):
        decay = replace(decay, scatter=_likeliest_scatter(decay, prior, seen))
        decay = _climbed(decay, prior, seen, STEPS)
    return decay


def posteriors_without(
    prior: Decay, observations: Sequence[Observation], whole: Decay
) -> list[Decay]:
    """For each student the curve of all others; the scatter stays that of the `whole`."""
    seen = _Seen.of(observations)
    return [
        _climbed(whole, prior, seen.without(place), RESTEPS) for place in range(len(observations))
    ]


@dataclass(frozen=True)
class _Seen:
    """Losses, accuracies and the squared standard errors of these, each [students]."""

    losses: Vector
    accuracies: Vector
    variances: Vector

    @classmethod
    def of(cls, observations: Sequence[Observation]) -> "_Seen":
        errors = [max(each.accuracy.standard_error, SMALLEST_ERROR) for each in observations]
        return cls(
            np.array([each.loss for each in observations]),
            np.array([each.accuracy.value for each in observations]),
            np.square(errors),
        )

    def without(self, place: int) -> "_Seen":
        arrays = (self.losses, self.accuracies, self.variances)
        return _Seen(*(np.delete(array, place) for array in arrays))


def _climbed(decay: Decay, prior: Decay, seen: _Seen, steps: int) -> Decay:
    centre, precision = np.array(prior.parameters), np.linalg.inv(np.array(prior.covariance))
    covariance = np.array(decay.covariance)
    for _ in range(steps):
        slopes, values = _linearised(decay, seen.losses)
        weights = 1 / (seen.variances + (decay.scatter * slopes[0]) ** 2)
        at = np.array(decay.parameters)
        covariance = np.linalg.inv(precision + (slopes * weights) @ slopes.T)
        pull = slopes @ (weights * (seen.accuracies - values)) - precision @ (at - centre)
        step = np.clip(covariance @ pull, -LONGEST_STEP, LONGEST_STEP)
        decay = replace(decay, parameters=_parameters(at + step))
    rows = [_parameters(row) for row in covariance]
    return replace(decay, covariance=(rows[0], rows[1], rows[2]))


def _likeliest_scatter(decay: Decay, prior: Decay, seen: _Seen) -> float:
    slopes, values = _linearised(decay, seen.losses)
    variances = seen.variances + (SCATTERS[:, None] * slopes[0]) ** 2
    misfit = (np.log(variances) + (seen.accuracies - values) ** 2 / variances).sum(1)
    doubt = PRIOR_STUDENTS * (2 * np.log(SCATTERS) + (prior.scatter / SCATTERS) ** 2)
    return float(SCATTERS[np.argmin(misfit + doubt)])


def _linearised(decay: Decay, losses: Vector) -> tuple[Vector, Vector]:
    """`Decay.gradient` [3, students] and `Decay.accuracy` [students], for all students at once."""
    log_rate, log_shape, _ = decay.parameters
    exponents = (np.exp(log_rate) * losses) ** np.exp(log_shape)
    kept = np.exp(-exponents)
    steepness = -decay.height * kept * exponents
    bends = steepness * np.log(np.maximum(exponents, np.finfo(float).tiny))
    slopes = np.stack([steepness * np.exp(log_shape), bends, kept])
    return slopes, decay.chance + decay.height * kept


def _parameters(values: Vector) -> Parameters:
    first, second, third = values.tolist()
    return first, second, third
