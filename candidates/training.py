"""Training: one optimisation loop, for teachers and for students, resumable at any step."""

import math
from collections.abc import Callable

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from candidates.augment import augmented, seeded
from candidates.data import ImageSet, normalised
from candidates.progress import Progress
from candidates.recipe import Preprocessing
from candidates.savings import Savings
from candidates.value import Value

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(inputs [N, C, H, W], the student's logits [N, num_classes], labels [N]) -> scalar."""


class TrainingRecipe(Value):
    """SGD with momentum; the learning rate rises over 5 % of the steps, then falls as a cosine."""

    epochs: int = Field(default=10, ge=1)
    batch_size: int = Field(default=128, ge=2)
    learning_rate: float = Field(default=1e-2, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=1e-4, ge=0)
    translation: int = Field(default=4, ge=0, description="Largest random shift in pixels.")
    flip: bool = Field(default=False, description="Mirror half of the images.")
    seed: int = Field(default=0, ge=0)

    def steps(self, num_images: int) -> int:
        """All steps; the last, smaller batch of an epoch is dropped (BatchNorm needs many)."""
        return self.epochs * self.steps_per_epoch(num_images)

    def steps_per_epoch(self, num_images: int) -> int:
        """Full batches in an epoch, or one batch of everything."""
        return max(1, num_images // self.batch_size)

    def rate(self, step: int, total: int) -> float:
        """The learning rate of a step, a function of nothing else: resuming needs no state."""
        warm_up = max(1, total // 20)
        if step < warm_up:
            return self.learning_rate * (step + 1) / warm_up
        return self.learning_rate * (1 + math.cos(math.pi * (step - warm_up) / total)) / 2


def cross_entropy(_inputs: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    """CE(y, softmax(S)): training from labels alone."""
    return functional.cross_entropy(logits, labels)


def distillation(teacher: nn.Module, temperature: float = 2.5, label_weight: float = 1.0) -> Loss:
    """Eq. 3 of Shao et al.: CE(softmax(T/τ), softmax(S/τ)) + λ CE(y, softmax(S))."""

    def loss(inputs: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            target = (teacher(inputs) / temperature).softmax(1)
        soft = functional.cross_entropy(logits / temperature, target)
        return soft + label_weight * functional.cross_entropy(logits, labels)

    return loss


def train(
    network: nn.Module,
    images: tuple[ImageSet, Preprocessing],
    loss: Loss,
    recipe: TrainingRecipe,
    progress: Progress,
    savings: Savings | None = None,
) -> None:
    """Train in place, on the device where the network is; it ends in eval mode.

    Every batch depends on the seed and its step only, so a run that was killed and started again
    with the same arguments continues from its savings to the same result. Raises
    FloatingPointError when the loss is NaN or Inf.
    """
    data, preprocessing = images
    total = recipe.steps(len(data))
    optimiser = torch.optim.SGD(
        network.parameters(),
        recipe.learning_rate,
        recipe.momentum,
        weight_decay=recipe.weight_decay,
    )
    start = savings.restore(network, optimiser) if savings else 0
    network.train()
    for step in range(start, total):
        inputs, labels = _batch(data, preprocessing, recipe, step, _device(network))
        value = loss(inputs, network(inputs), labels)
        if not torch.isfinite(value):
            raise FloatingPointError(
                f"The loss is {float(value.detach())} at step {step}; lower the learning rate."
            )
        optimiser.zero_grad()
        value.backward()
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate(step, total)
        optimiser.step()
        if savings and (step + 1) % savings.every == 0:
            savings.save(network, optimiser, step + 1)
        progress(step + 1, total)
    network.eval()


def _batch(
    data: ImageSet, preprocessing: Preprocessing, recipe: TrainingRecipe, step: int, device: str
) -> tuple[Tensor, Tensor]:
    epoch, position = divmod(step, recipe.steps_per_epoch(len(data)))
    order = torch.randperm(len(data), generator=seeded(recipe.seed, epoch, 0))
    index = order[position * recipe.batch_size :][: recipe.batch_size]
    pixels = normalised(data.images[index], preprocessing)
    moved = augmented(pixels, recipe.translation, recipe.flip, seeded(recipe.seed, step, 1))
    return moved.to(device), data.labels[index].to(device)


def _device(network: nn.Module) -> str:
    return str(next(network.parameters()).device)
