"""Rate: how many points of accuracy a nat of KL costs, in the whole library and in its parts.

Equal divergences do not cost equal accuracy everywhere: near the input much of a divergence moves
probabilities without moving the answer. The candidates themselves tell, before any student is
measured.
"""

import math
from collections.abc import Sequence

from candidates.candidate import Estimate, Score

NOISE_NATS = 1e-6
"""A KL below this is rounding, from which no rate can be told."""
DOUBT = 0.3
"""How far the rates of neighbourhoods are expected apart, as a share of the common one."""
LEAST, MOST = 0.2, 5.0
"""Weights beyond come from too few or too odd candidates."""


def points_per_nat(scores: Sequence[Score]) -> Estimate:
    """b of the model drop = b·KL, by least squares over these candidates; never negative.

    Its standard error allows every candidate a residual of its own size (White, 1980), and at
    least that of its measurement.
    """
    squares = sum(score.kl.value**2 for score in scores)
    if squares < NOISE_NATS**2:
        return Estimate(value=0.0, standard_error=0.0)
    products = sum(score.kl.value * score.accuracy_drop.value for score in scores)
    rate = max(products / squares, 0.0)
    residuals = (
        score.kl.value * max(_residual(score, rate), score.accuracy_drop.standard_error)
        for score in scores
    )
    return Estimate(value=rate, standard_error=math.hypot(*residuals) / squares)


def weights(parts: Sequence[Sequence[Score]]) -> tuple[float, ...]:
    """The rate of each neighbourhood as a multiple of the common one, drawn towards 1 as far as
    its candidates leave it uncertain.
    """
    common = points_per_nat([score for part in parts for score in part]).value
    return tuple(_weight(points_per_nat(part), common) for part in parts)


def _weight(own: Estimate, common: float) -> float:
    if common == 0 or own.standard_error == 0:
        return 1.0
    expected = (DOUBT * common) ** 2
    trust = expected / (expected + own.standard_error**2)
    return min(max(1 + trust * (own.value / common - 1), LEAST), MOST)


def _residual(score: Score, rate: float) -> float:
    return abs(score.accuracy_drop.value - rate * score.kl.value)
