"""Learnt: what fine-tuning was good for."""

from candidates.candidate import Estimate
from candidates.value import Value


class Learnt(Value):
    """A student's accuracies in percent on `num_images` reporting images, and how many steps on
    how many images lie between them; `num_epochs` is how often each was seen.
    """

    before: Estimate
    after: Estimate
    num_images: int
    num_steps: int
    num_training_images: int
    num_epochs: float
