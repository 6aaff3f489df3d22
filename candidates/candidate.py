"""Candidate: one replacement for one neighbourhood, with what it costs and what it loses."""

import hashlib
import json

from pydantic import Field

from candidates.kinds.registry import Knobs
from candidates.value import Value

Kept = dict[str, tuple[int, ...]]
"""Width name -> the teacher's channel indices that a candidate keeps, ascending."""


def _is_zero(value: float) -> bool:
    return value == 0


class Cost(Value):
    """What a network or a part of it takes; costs add up along the network.

    `parameters` counts the non-zero entries of kernels and matrices and all of biases and norms,
    without buffers; `macs` are multiply-accumulates for one image, `bytes` the size of parameters
    and buffers as stored, without a file's header. `activation_bytes` is a peak: what the values
    alive at once take for one image, those included that a part runs beside; 0, and not written,
    where nobody counted it. `latency_ms` is 0, and not written, where no device is meant.
    """

    parameters: int
    macs: int
    bytes: int
    activation_bytes: int = Field(default=0, ge=0, exclude_if=_is_zero)
    latency_ms: float = Field(default=0.0, exclude_if=_is_zero)

    def __add__(self, other: "Cost") -> "Cost":
        """Of both, one after the other: the larger peak, and sums of everything else."""
        return Cost(
            parameters=self.parameters + other.parameters,
            macs=self.macs + other.macs,
            bytes=self.bytes + other.bytes,
            activation_bytes=max(self.activation_bytes, other.activation_bytes),
            latency_ms=self.latency_ms + other.latency_ms,
        )

    def __sub__(self, other: "Cost") -> "Cost":
        """What is left; the peak stays this one's, for nobody can tell where it was reached."""
        return Cost(
            parameters=self.parameters - other.parameters,
            macs=self.macs - other.macs,
            bytes=self.bytes - other.bytes,
            activation_bytes=self.activation_bytes,
            latency_ms=self.latency_ms - other.latency_ms,
        )


class Estimate(Value):
    """A mean over images with its standard error, in the same unit."""

    value: float
    standard_error: float = Field(ge=0)


class Score(Value):
    """What the partial model loses against the teacher on the scoring images.

    Accuracies are percentages, the drop is in points and may be negative; KL(teacher‖partial)
    is in nats, the logit MSE a mean over classes; both are ≥ 0 and need no labels. The agreement is
    the share of images, in percent, on which both give the same class; it is unknown for candidates
    that were scored before it was counted.
    """

    accuracy: Estimate
    accuracy_drop: Estimate
    kl: Estimate
    logit_mse: Estimate
    agreement: Estimate | None = None
    num_images: int


class Course(Value):
    """How many steps a refinement took, and why it took no more; "" where all were taken."""

    steps: int = 0
    stopped: str = ""


class Candidate(Value):
    """A finished candidate, without its weights; `course` tells how it was refined, if it was."""

    neighbourhood: str
    kind: str
    knobs: Knobs
    kept: Kept
    cost: Cost
    score: Score
    course: Course | None = None


class Omitted(Value):
    """A candidate that the recipe asks for and the neighbourhood has not, and why."""

    neighbourhood: str
    kind: str
    knobs: Knobs
    reason: str


def identity(**parts: object) -> str:
    """SHA-256 over everything that determines a candidate's weights; equal parts, equal weights.

    `parts` must be JSON values; the key order does not matter.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
