"""Paper place: the data and the teacher that all cells of the paper's tables share."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from benchmarks.cifar_job import load_dataset, load_teacher
from candidates.data import Dataset
from candidates.score import measured_accuracy
from candidates.stream import Stream
from candidates.teacher import Teacher


@dataclass(frozen=True)
class Place:
    """Where the images and the teacher's weights are."""

    data: Path
    weights: Path

    @property
    def teacher(self) -> Teacher:
        """The same object for every cell of a process."""
        return _teacher(self.weights)

    @property
    def dataset(self) -> Dataset:
        """The same object for every cell of a process."""
        return _dataset(self.data)

    def accuracy(self, network: torch.nn.Module) -> float:
        """On the reporting images."""
        images = self.dataset.reporting
        stream = Stream(images, self.teacher.recipe.preprocessing, limit_bytes=0)
        return measured_accuracy(network, stream, images.labels).value


@cache
def _teacher(weights: Path) -> Teacher:
    return load_teacher(weights)


@cache
def _dataset(data: Path) -> Dataset:
    return load_dataset(data)
