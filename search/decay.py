"""Decay: how accuracy falls with the loss, and how losses add up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from candidates.candidate import Estimate

Parameters = tuple[float, float, float]
"""ln λ, ln γ, and how many points more the teacher reaches on the images of the students."""
Matrix = tuple[Parameters, Parameters, Parameters]


@dataclass(frozen=True)
class Observation:
    """What is known of one student: the KL in nats of each of its candidates, from input to
    output, and its accuracy in percent.
    """

    nats: tuple[float, ...]
    accuracy: Estimate


@dataclass(frozen=True)
class Decay:
    """A student of loss L keeps the share exp(−(λL)^γ) of what its teacher has above chance.

    `teacher` and `chance` are percentages, `covariance` is that of the parameters. A student
    misses the curve as if its loss were mistaken by a factor of about exp(±`scatter`), so that it
    oversteps neither its teacher nor chance.
    """

    teacher: float
    chance: float
    parameters: Parameters
    covariance: Matrix
    scatter: float

    @property
    def height(self) -> float:
        """Points between chance and the teacher, on the images of the students."""
        return min(max(self.teacher + self.parameters[2] - self.chance, 0.0), 100 - self.chance)

    def accuracy(self, loss: float) -> float:
        """In percent; never rises with the loss."""
        return self.chance + self.height * self.kept(loss)

    def kept(self, loss: float) -> float:
        """The share of the height that is kept; never rises with the loss."""
        return math.exp(-self._exponent(loss))

    def largest_loss(self, kept: float) -> float:
        """The loss at which this share, in (0, 1], is kept."""
        log_rate, log_shape, _ = self.parameters
        return float((-math.log(kept)) ** math.exp(-log_shape) * math.exp(-log_rate))

    def gradient(self, loss: float) -> Parameters:
        """How the accuracy at a loss moves with each parameter; the first is also how it moves
        with ln L.
        """
        exponent, kept = self._exponent(loss), self.kept(loss)
        steepness = -self.height * kept * exponent
        bend = steepness * math.log(exponent) if exponent > 0 else 0.0
        return steepness * math.exp(self.parameters[1]), bend, kept

    def deviation(self, loss: float) -> float:
        """Points by which a student should miss the curve, beside the error of its sampling."""
        slope = self.gradient(loss)
        curve = sum(
            first * entry * second
            for first, row in zip(slope, self.covariance, strict=True)
            for entry, second in zip(row, slope, strict=True)
        )
        return math.sqrt(max(curve, 0.0) + (self.scatter * slope[0]) ** 2)

    def _exponent(self, loss: float) -> float:
        log_rate, log_shape, _ = self.parameters
        return float((math.exp(log_rate) * loss) ** math.exp(log_shape))


@dataclass(frozen=True)
class Fit:
    """A decay over losses Σ wᵢ·KLᵢ, and the weight of every neighbourhood.

    `own_share` is the part of a measurement's standard error that students who are measured on
    the same images do not have in common; the common part moves the whole curve. The covariance
    of the decay counts what is not known of the weights as far as it shows in the curve; the
    rest is scatter.
    """

    decay: Decay
    weights: tuple[float, ...]
    own_share: float = 1.0

    def loss(self, nats: Sequence[float]) -> float:
        """Of a student whose candidates, from input to output, have these KLs."""
        return sum(weight * each for weight, each in zip(self.weights, nats, strict=True))
