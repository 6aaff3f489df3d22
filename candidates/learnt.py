"""Learnt: what fine-tuning was good for."""

from candidates.candidate import Estimate
from candidates.value import Value


class Learnt(Value):
    """A student's accuracies in percent, on the reporting images."""

    before: Estimate
    after: Estimate
