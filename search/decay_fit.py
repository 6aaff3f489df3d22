"""Decay fit: a prior decay moved towards what was measured, as far as the measurements weigh.

Beside the curve every neighbourhood gets a weight: the error of an early one is mended by the
refit of all that follow, that of the last one by nothing. So the loss stays a sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from search.decay import Fit, Observation, Parameters

Vector = NDArray[np.float64]

SCATTERS = np.geomspace(0.02, 1.0, 40)
OWN_SHARES = np.geomspace(0.2, 1.0, 12)
"""Those that are tried; the likeliest is taken."""
PRIOR_STUDENTS = 4
"""What is believed of scatter and shares before counts as much as so many students."""
STEPS, ROUNDS, RESTEPS = 8, 3, 3
LONGEST_STEP = 0.7
"""Of a logarithm: beyond, the linearised curve says nothing."""
WEIGHT_DOUBT = 0.3
"""Standard deviation of ln w; what later parts of a network mend differs by place."""
NUM_CURVE = 3
TINY = 1e-12
SMALLEST_ERROR = 0.1
"""Points; an accuracy of 0 or 100 % on few images is not known without error either."""


def posterior(prior: Fit, observations: Sequence[Observation]) -> Fit:
    """The likeliest curve by Gauss–Newton steps from the prior, with the likeliest noise."""
    seen, fit = _Seen.of(observations, len(prior.weights)), prior
    for _ in range(ROUNDS):
        fit = _climbed(_with_likeliest_noise(fit, prior, seen), prior, seen, STEPS)
    return fit


def posteriors_without(prior: Fit, observations: Sequence[Observation], whole: Fit) -> list[Fit]:
    """For each student the curve of all others; the noise stays that of the `whole`."""
    seen = _Seen.of(observations, len(prior.weights))
    return [
        _climbed(whole, prior, seen.without(place), RESTEPS) for place in range(len(observations))
    ]


@dataclass(frozen=True)
class _Seen:
    """KLs [students, neighbourhoods], accuracies [students] and their squared standard errors."""

    nats: Vector
    accuracies: Vector
    variances: Vector

    @classmethod
    def of(cls, observations: Sequence[Observation], num_neighbourhoods: int) -> "_Seen":
        errors = [max(each.accuracy.standard_error, SMALLEST_ERROR) for each in observations]
        return cls(
            np.array([each.nats for each in observations]).reshape(-1, num_neighbourhoods),
            np.array([each.accuracy.value for each in observations]),
            np.square(errors),
        )

    def without(self, place: int) -> "_Seen":
        arrays = (self.nats, self.accuracies, self.variances)
        return _Seen(*(np.delete(array, place, axis=0) for array in arrays))


def _climbed(fit: Fit, prior: Fit, seen: _Seen, steps: int) -> Fit:
    centre = np.array([*prior.decay.parameters, *np.log(prior.weights)])
    precision = np.eye(len(centre)) / WEIGHT_DOUBT**2
    precision[:NUM_CURVE, :NUM_CURVE] = np.linalg.inv(np.array(prior.decay.covariance))
    at = np.array([*fit.decay.parameters, *np.log(fit.weights)])
    covariance = np.linalg.inv(precision)
    for _ in range(steps):
        slopes, values = _linearised(fit, seen.nats)
        weights = 1 / (fit.own_share**2 * seen.variances + (fit.decay.scatter * slopes[0]) ** 2)
        covariance = np.linalg.inv(precision + (slopes * weights) @ slopes.T)
        pull = slopes @ (weights * (seen.accuracies - values)) - precision @ (at - centre)
        at = at + np.clip(covariance @ pull, -LONGEST_STEP, LONGEST_STEP)
        fit = _moved(fit, at)
    first, second, third = (_parameters(row[:NUM_CURVE]) for row in covariance[:NUM_CURVE])
    return replace(fit, decay=replace(fit.decay, covariance=(first, second, third)))


def _moved(fit: Fit, at: Vector) -> Fit:
    decay = replace(fit.decay, parameters=_parameters(at[:NUM_CURVE]))
    return replace(fit, decay=decay, weights=tuple(np.exp(at[NUM_CURVE:]).tolist()))


def _with_likeliest_noise(fit: Fit, prior: Fit, seen: _Seen) -> Fit:
    slopes, values = _linearised(fit, seen.nats)
    shares, scatters = OWN_SHARES[:, None], SCATTERS[None, :]
    variances = (shares**2)[..., None] * seen.variances + (scatters[..., None] * slopes[0]) ** 2
    misfit = (np.log(variances) + (seen.accuracies - values) ** 2 / variances).sum(-1)
    doubt = _doubt(shares / prior.own_share) + _doubt(scatters / prior.decay.scatter)
    share, scatter = np.unravel_index(np.argmin(misfit + doubt), misfit.shape)
    decay = replace(fit.decay, scatter=float(SCATTERS[scatter]))
    return replace(fit, decay=decay, own_share=float(OWN_SHARES[share]))


def _doubt(ratios: Vector) -> Vector:
    """Of what is so many times as large as it was believed to be."""
    result: Vector = PRIOR_STUDENTS * (2 * np.log(ratios) + ratios**-2.0)
    return result


def _linearised(fit: Fit, nats: Vector) -> tuple[Vector, Vector]:
    """`Decay.gradient` and the slopes by ln wᵢ [3 + neighbourhoods, students], and
    `Decay.accuracy` [students], for all students at once.
    """
    decay, weighted = fit.decay, nats * np.array(fit.weights)
    log_rate, log_shape, _ = decay.parameters
    losses = np.maximum(weighted.sum(1), TINY)
    exponents = (np.exp(log_rate) * losses) ** np.exp(log_shape)
    kept = np.exp(-exponents)
    steepness = -decay.height * kept * exponents
    by_loss = steepness * np.exp(log_shape)
    bends = steepness * np.log(np.maximum(exponents, TINY))
    shares = weighted.T / losses
    slopes = np.stack([by_loss, bends, kept, *(by_loss * shares)])
    return slopes, decay.chance + decay.height * kept


def _parameters(values: Vector) -> Parameters:
    first, second, third = values.tolist()
    return first, second, third
