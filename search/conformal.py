"""Conformal: a predictor whose interval is as wide as students left out of its fit ask for."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

from search.decay import Observation
from search.decay_fit import posterior, posteriors_without
from search.predictor import Prediction, Predictor

COVERAGE = 0.9
NUM_EXPECTED = 9
"""Misses of a normal distribution that stand beside those seen, so that few of these decide
little; as many as give exactly its 90 % interval where none was seen."""


def conformed(prior: Predictor, measured: Sequence[Observation]) -> Predictor:
    """Fitted to all students; each was also predicted from the others, and its interval is as
    many standard errors wide as 90 % of these needed (jackknife+, Barber et al., 2021).
    """
    fit = posterior(prior.fit, measured)
    fitted = replace(prior, fit=fit, num_images=_num_images(prior, measured))
    return replace(fitted, reach=_reach(_misses(_others(fitted, prior, measured), measured)))


def left_out(prior: Predictor, measured: Sequence[Observation]) -> list[Prediction]:
    """What each student would have been told, had it alone not been measured."""
    whole = conformed(prior, measured)
    others = _others(whole, prior, measured)
    misses = _misses(others, measured)
    return [
        replace(other, reach=_reach([*misses[:place], *misses[place + 1 :]])).accuracy(
            other.loss(each.nats)
        )
        for place, (other, each) in enumerate(zip(others, measured, strict=True))
    ]


def _others(whole: Predictor, prior: Predictor, measured: Sequence[Observation]) -> list[Predictor]:
    fits = posteriors_without(prior.fit, measured, whole.fit)
    return [replace(whole, fit=fit) for fit in fits]


def _misses(others: Sequence[Predictor], measured: Sequence[Observation]) -> list[float]:
    """By how many standard errors each student was missed."""
    return [_miss(other, each) for other, each in zip(others, measured, strict=True)]


def _miss(predictor: Predictor, student: Observation) -> float:
    told = predictor.accuracy(predictor.loss(student.nats))
    return abs(student.accuracy.value - told.value) / told.standard_error


def _reach(misses: Sequence[float]) -> float:
    """The miss that a further student exceeds in one of ten cases."""
    normal = NormalDist()
    ranks = range(1, NUM_EXPECTED + 1)
    expected = [normal.inv_cdf(0.5 + 0.5 * rank / (NUM_EXPECTED + 1)) for rank in ranks]
    ordered = sorted([*misses, *expected])
    return ordered[math.ceil(COVERAGE * (len(ordered) + 1)) - 1]


def _num_images(prior: Predictor, measured: Sequence[Observation]) -> float:
    """How many images the latest student was measured on, as its standard error tells."""
    accuracies = [each.accuracy for each in measured if each.accuracy.standard_error > 0]
    if not accuracies:
        return prior.num_images
    latest = accuracies[-1]
    return latest.value * (100 - latest.value) / latest.standard_error**2
