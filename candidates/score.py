"""Score: what a partial model loses against the teacher, with standard errors."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from candidates.candidate import Estimate, Score
from candidates.finite import checked


def score(
    partial: nn.Module, activations: Iterable[Tensor], teacher_logits: Tensor, labels: Tensor
) -> Score:
    """Score a partial model, from a cut to the logits, on the activations there of the scoring
    images.

    `teacher_logits` [N, num_classes] and `labels` [N] belong to the same images in that order.
    Raises NonFiniteActivation naming the module where NaN or Inf appears.
    """
    return compare(logits_of(partial, activations), teacher_logits, labels)


def logits_of(partial: nn.Module, activations: Iterable[Tensor]) -> Tensor:
    """The logits [N, num_classes] of a partial model.

    Raises NonFiniteActivation naming the module where NaN or Inf appears.
    """
    with torch.inference_mode():
        return torch.cat([checked(partial, batch, partial(batch)) for batch in activations])


def compare(logits: Tensor, teacher_logits: Tensor, labels: Tensor) -> Score:
    """The score of logits [N, num_classes] against the teacher's."""
    right = (logits.argmax(1) == labels).double()
    teacher_right = (teacher_logits.argmax(1) == labels).double()
    return Score(
        accuracy=estimate(100 * right),
        accuracy_drop=estimate(100 * (teacher_right - right)),
        kl=estimate(divergences(logits, teacher_logits)),
        logit_mse=estimate((logits.double() - teacher_logits.double()).square().mean(1)),
        agreement=estimate(100 * (logits.argmax(1) == teacher_logits.argmax(1)).double()),
        num_images=len(labels),
    )


def divergences(logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """KL(teacher‖network) in nats for every image, float64 [N]; never negative."""
    ours, theirs = logits.double().log_softmax(1), teacher_logits.double().log_softmax(1)
    return (theirs.exp() * (theirs - ours)).sum(1).clamp(min=0)


def accuracy_of(logits: Tensor, labels: Tensor) -> Estimate:
    """Share of right answers, in percent."""
    return estimate(100 * (logits.argmax(1) == labels).double())


def measured_accuracy(network: nn.Module, images: Iterable[Tensor], labels: Tensor) -> Estimate:
    """Accuracy of a network in eval mode on preprocessed images, in percent."""
    with torch.inference_mode():
        logits = torch.cat([network(batch) for batch in images])
    return accuracy_of(logits, labels)


def estimate(values: Tensor) -> Estimate:
    """Mean of one value an image, with the standard error of that mean."""
    spread = values.std() if len(values) > 1 else torch.zeros(())
    return Estimate(value=float(values.mean()), standard_error=float(spread) / len(values) ** 0.5)
