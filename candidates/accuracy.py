"""Accuracy: how often networks on a device are right about some images."""

import torch
from torch import nn

from candidates.candidate import Estimate
from candidates.data import ImageSet
from candidates.recipe import TeacherRecipe
from candidates.score import measured_accuracy
from candidates.stream import Stream


class Accuracy:
    """Accuracy in percent on some images, of any network on a device."""

    def __init__(self, images: ImageSet, recipe: TeacherRecipe, device: torch.device) -> None:
        self._stream = Stream(images, recipe.preprocessing, limit_bytes=0)
        self._labels, self._device = images.labels.to(device), device

    def __call__(self, network: nn.Module) -> float:
        return self.of(network).value

    def of(self, network: nn.Module) -> Estimate:
        """With its standard error."""
        batches = (batch.to(self._device) for batch in self._stream)
        return measured_accuracy(network, batches, self._labels)
