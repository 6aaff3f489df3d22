"""File accuracy: how often a student's file, or a teacher's own, is right about a user's images."""

from pathlib import Path

import torch

from candidates.accuracy import Accuracy
from candidates.assembly import Description
from candidates.candidate import Estimate
from candidates.checkpoint import Checkpoint
from candidates.images import ingest
from candidates.sources.allowed import check_images
from candidates.student import build_student
from candidates.value import Value


class FileAccuracy(Value):
    """In percent, on so many reporting images: those that neither trained nor chose anything."""

    accuracy: Estimate
    num_images: int


def accuracy_of(file: Path, images: Path, device: torch.device) -> FileAccuracy:
    """Images as fine-tuning takes them. Raises InvalidCheckpoint, InvalidDataset."""
    checkpoint = Checkpoint.read(file)
    recipe = Description.of(checkpoint).recipe
    network = build_student(checkpoint).to(device)
    reporting = ingest(images).reporting
    known = network.num_outputs(recipe.input)
    check_images(recipe, known, reporting.images.shape[1:], len(reporting.classes))
    accuracy = Accuracy(reporting, recipe, device).of(network)
    return FileAccuracy(accuracy=accuracy, num_images=len(reporting))
