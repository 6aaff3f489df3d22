"""Batches: the augmented images of every training step, the same however often they are asked."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from candidates.augment import augmented, seeded
from candidates.data import ImageSet, normalised
from candidates.recipe import Preprocessing
from candidates.training_recipe import TrainingRecipe


@dataclass(frozen=True)
class Batches:
    """Every batch depends on the recipe's seed and its step only.

    Pixels travel to the device as bytes and become numbers there.
    """

    images: ImageSet
    preprocessing: Preprocessing
    recipe: TrainingRecipe
    device: torch.device

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs [N, C, H, W] and labels [N] on the device."""
        recipe = self.recipe
        epoch, position = divmod(step, recipe.steps_per_epoch(len(self.images)))
        order = _order(len(self.images), recipe.seed, epoch)
        index = order[position * recipe.batch_size :][: recipe.batch_size]
        pixels = normalised(self.images.images[index].to(self.device), self.preprocessing)
        generator = seeded(recipe.seed, step, 1)
        inputs = augmented(pixels, recipe.translation, recipe.flip, generator)
        if recipe.channels_last:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        return inputs, self.images.labels[index].to(self.device)


@lru_cache(maxsize=2)
def _order(count: int, seed: int, epoch: int) -> Tensor:
    return torch.randperm(count, generator=seeded(seed, epoch, 0))
