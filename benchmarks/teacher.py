"""Teacher: a small residual network for the demo, trained on the spot."""

from pathlib import Path

import torch

from candidates.data import ImageSet
from candidates.progress import Progress
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.sources.architectures import build
from candidates.tensors import checkpoint_of
from candidates.training import cross_entropy, train
from candidates.training_recipe import TrainingRecipe


def recipe_for(images: ImageSet, architecture: str) -> TeacherRecipe:
    """A recipe that fits the images and normalises them by their own mean and spread."""
    channels, height, width = images.images.shape[1:]
    pixels = images.images.float() / 255
    return TeacherRecipe(
        architecture=architecture,
        kwargs={"num_classes": len(images.classes), "in_channels": channels},
        input=(channels, height, width),
        preprocessing=Preprocessing(
            mean=tuple(round(value, 4) for value in pixels.mean((0, 2, 3)).tolist()),
            std=tuple(round(value, 4) for value in pixels.std((0, 2, 3)).tolist()),
        ),
    )


def write_teacher(
    path: Path,
    recipe: TeacherRecipe,
    images: ImageSet,
    training: TrainingRecipe,
    progress: Progress,
) -> None:
    """Train from a random start and write the weights as safetensors."""
    torch.manual_seed(training.seed)
    network = build(recipe)
    train(network, (images, recipe.preprocessing), cross_entropy, training, progress)
    path.write_bytes(checkpoint_of(network.state_dict()).to_bytes())
