"""Predictor: from the summed KL of a selection to the accuracy of its student."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from candidates.candidate import Estimate
from candidates.value import Value

NORMAL_90 = 1.6449
"""Half of a 90 % interval, in standard errors."""


class Prediction(Value):
    """An accuracy in percent that was not measured; 90 % of those measured should lie within."""

    value: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class Observation:
    """What is known of one network: its summed KL in nats and its accuracy in percent."""

    loss: float
    accuracy: Estimate


@dataclass(frozen=True)
class Predictor:
    """Drop = rate · loss, never more than the teacher has."""

    teacher_accuracy: float
    rate: Estimate
    num_images: int

    def drop(self, loss: float) -> Estimate:
        """Points that a student of this summed KL should lose; never falls as the loss rises."""
        value = min(self.rate.value * loss, self.teacher_accuracy)
        return Estimate(value=value, standard_error=self.rate.standard_error * loss)

    def accuracy(self, loss: float) -> Prediction:
        """Accuracy that a student of this summed KL should have."""
        drop = self.drop(loss)
        value = self.teacher_accuracy - drop.value
        sampling = math.sqrt(value * (100 - value) / self.num_images)
        error = math.hypot(sampling, drop.standard_error)
        return Prediction(
            value=value,
            standard_error=error,
            low=max(value - NORMAL_90 * error, 0.0),
            high=min(value + NORMAL_90 * error, 100.0),
        )

    def largest_loss(self, drop: float) -> float:
        """The greatest summed KL whose drop is at most `drop` points; inf if any is."""
        if drop >= self.teacher_accuracy or self.rate.value == 0:
            return math.inf
        return drop / self.rate.value


def fitted(
    teacher_accuracy: float,
    rate: Estimate,
    num_images: int,
    measured: Sequence[Observation],
) -> Predictor:
    """The predictor of a library whose students were measured as told."""
    del measured
    return Predictor(teacher_accuracy, rate, num_images)
