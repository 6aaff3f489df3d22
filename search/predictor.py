"""Predictor: from the KLs of a selection's candidates to the accuracy of its student."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from candidates.candidate import Estimate, Score
from candidates.value import Value
from search.decay import Decay, Fit, Observation
from search.rate import points_per_nat, weights

NORMAL_90 = 1.6449
"""Half of a 90 % interval of a normal distribution, in standard errors."""
LEAST_POINTS_PER_NAT = 1.0
"""Where candidates lose nothing that was seen; every divergence costs something in the end."""
RATE_DOUBT, SHAPE_DOUBT, SCATTER = 0.3, 0.15, 0.2
"""Before any student was measured: standard deviations of ln λ and ln γ from library to library,
and the scatter of students."""


class Prediction(Value):
    """An accuracy in percent; of those measured 90 % should lie from `low` to `high`."""

    value: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class Predictor:
    """A loss is the sum of the KLs of the chosen candidates, each by the weight of its
    neighbourhood.

    `reach` is half of a 90 % interval in standard errors, for an accuracy that is measured on
    `num_images`.
    """

    fit: Fit
    reach: float
    num_images: float

    @property
    def decay(self) -> Decay:
        """The curve itself."""
        return self.fit.decay

    @property
    def weights(self) -> tuple[float, ...]:
        """What a nat of each neighbourhood counts, from input to output."""
        return self.fit.weights

    def loss(self, nats: Sequence[float]) -> float:
        """Of a student whose candidates, from input to output, have these KLs."""
        return self.fit.loss(nats)

    def drop(self, loss: float) -> Estimate:
        """Points that a student of this loss should lose; never falls as the loss rises."""
        value = self.decay.height * (1 - self.decay.kept(loss))
        return Estimate(value=value, standard_error=self.decay.deviation(loss))

    def accuracy(self, loss: float) -> Prediction:
        """Accuracy that should be measured of a student of this loss; never rises with it.

        The error is that of the curve, of students about it, and of a measurement.
        """
        value = self.decay.accuracy(loss)
        sampling = self.fit.own_share * sampling_error(value, self.num_images)
        error = math.hypot(self.decay.deviation(loss), sampling)
        return Prediction(
            value=value,
            standard_error=error,
            low=max(value - self.reach * error, 0.0),
            high=min(value + self.reach * error, 100.0),
        )

    def largest_loss(self, drop: float) -> float:
        """The greatest loss whose drop is at most `drop` points; inf if any is."""
        height = self.decay.height
        return self.decay.largest_loss(1 - drop / height) if drop < height else math.inf


def cold_start(teacher: float, chance: float, parts: Sequence[Sequence[Score]]) -> Predictor:
    """What the scores of candidates tell, those of each neighbourhood one after the other.

    The curve starts with the rate at which they lose. Its doubt is theirs and that from library
    to library; the teacher may be as much better on other images as both samples differ.
    """
    weighed = weights(parts)
    found = points_per_nat(
        [
            _weighed(score, weight)
            for weight, part in zip(weighed, parts, strict=True)
            for score in part
        ]
    )
    num_images = min(score.num_images for part in parts for score in part)
    rate = max(found.value, LEAST_POINTS_PER_NAT)
    doubt = math.hypot(RATE_DOUBT, min(found.standard_error / rate, 1.0))
    shift = math.sqrt(2) * sampling_error(teacher, num_images)
    height = max(teacher - chance, 1.0)
    decay = Decay(
        teacher=teacher,
        chance=chance,
        parameters=(math.log(rate / height), 0.0, 0.0),
        covariance=((doubt**2, 0.0, 0.0), (0.0, SHAPE_DOUBT**2, 0.0), (0.0, 0.0, shift**2)),
        scatter=SCATTER,
    )
    return Predictor(Fit(decay, weighed), NORMAL_90, num_images)


def sampling_error(accuracy: float, num_images: float) -> float:
    """Standard error in points of a share in percent; never quite nothing."""
    share = min(max(accuracy, 100 / num_images), 100 - 100 / num_images)
    return math.sqrt(share * (100 - share) / num_images)


def corrected(prior: Predictor, measured: Sequence[Observation]) -> Predictor:
    """The cold start moved towards what was measured."""
    if not measured:
        return prior
    from search.conformal import conformed

    return conformed(prior, measured)


def _weighed(score: Score, weight: float) -> Score:
    nats = Estimate(value=weight * score.kl.value, standard_error=score.kl.standard_error)
    return score.model_copy(update={"kl": nats})
