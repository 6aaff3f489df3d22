"""Teacher: a small residual network for the demo, trained on the spot."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from candidates.architectures import build
from candidates.data import ImageSet
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.tensors import checkpoint_of

BATCH_SIZE = 64
LEARNING_RATE = 0.1
WEIGHT_DECAY = 5e-4
SMOOTHING = 0.1


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


def train(
    recipe: TeacherRecipe, images: ImageSet, epochs: int, seed: int, tick: Callable[[], None]
) -> nn.Module:
    """SGD with a one-cycle learning rate from a random start; `tick` is called after each step."""
    torch.manual_seed(seed)
    network = build(recipe)
    optimiser = torch.optim.SGD(
        network.parameters(),
        LEARNING_RATE,
        momentum=0.9,
        nesterov=True,
        weight_decay=WEIGHT_DECAY,
    )
    num_steps = epochs * steps_per_epoch(images)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, num_steps)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(images))[: steps_per_epoch(images) * BATCH_SIZE]
        for index in order.reshape(-1, BATCH_SIZE):
            logits = network(_normalised(images.images[index], recipe))
            loss = functional.cross_entropy(logits, images.labels[index], label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            tick()
    return network.eval()


def steps_per_epoch(images: ImageSet) -> int:
    """Whole batches only: BatchNorm does not like a last batch of a few images."""
    return len(images) // BATCH_SIZE


def write_weights(network: nn.Module, path: Path) -> None:
    """The state dict as safetensors."""
    path.write_bytes(checkpoint_of(network.state_dict()).to_bytes())


def _normalised(images: Tensor, recipe: TeacherRecipe) -> Tensor:
    mean = torch.tensor(recipe.preprocessing.mean).reshape(-1, 1, 1)
    std = torch.tensor(recipe.preprocessing.std).reshape(-1, 1, 1)
    return (images.float() / 255 - mean) / std
