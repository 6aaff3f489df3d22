"""Training: one optimisation loop, for teachers and for students, resumable at any step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from candidates.activation_noise import ActivationNoise
from candidates.average import averaged
from candidates.batches import Batches
from candidates.data import ImageSet
from candidates.graph.network import Network
from candidates.history import History
from candidates.masks import FixedMasks
from candidates.progress import Progress, silent
from candidates.recipe import Preprocessing
from candidates.savings import Savings
from candidates.training_recipe import TrainingRecipe

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(inputs [N, C, H, W], the student's logits [N, num_classes], labels [N]) -> scalar."""
CHECK_EVERY = 50
"""Steps after which losses are looked at; looking makes a GPU wait."""


class Look(NamedTuple):
    """How a network in eval mode is measured, in percent, and every how many steps."""

    measure: Callable[[nn.Module], float]
    every: int


def cross_entropy(_inputs: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    """CE(y, softmax(S)): training from labels alone."""
    return functional.cross_entropy(logits, labels)


def distillation(teacher: nn.Module, temperature: float = 2.5, label_weight: float = 1.0) -> Loss:
    """Eq. 3 of Shao et al.: CE(softmax(T/τ), softmax(S/τ)) + λ CE(y, softmax(S))."""

    def loss(inputs: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            target = (teacher(inputs).float() / temperature).softmax(1)
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
) -> History:
    """Train in place, as `Training` does."""
    return Training(*images, loss, recipe, savings).run(network, progress)


@dataclass(frozen=True)
class Training:
    """What a network is trained on, how, and what is kept of it on the way.

    With `noise` the network, which then has to be a `Network`, is disturbed while it learns.
    """

    images: ImageSet
    preprocessing: Preprocessing
    loss: Loss
    recipe: TrainingRecipe
    savings: Savings | None = None
    look: Look | None = None
    noise: ActivationNoise | None = None

    def run(self, network: nn.Module, progress: Progress = silent) -> History:
        """Train in place, on the device where the network is; it ends in eval mode.

        Weights that are zero at the start stay so where a notable share of their tensor is. Every
        step depends on the seed and its number only, so a run that was killed and started again
        with the same arguments continues from its savings to the same result. Raises
        FloatingPointError when the loss is NaN or Inf.
        """
        total = self.recipe.steps(len(self.images))
        pupil = _Pupil(network, self.recipe, total)
        start = self.savings.restore(pupil, pupil.optimiser) if self.savings else 0
        forward = self._forward(network)
        batches = Batches(self.images, self.preprocessing, self.recipe, _device(network))
        network.train()
        with _own_draws(_device(network)):
            for step in range(start, total):
                torch.manual_seed(self.recipe.seed * 1_000_003 + step)
                value = self._loss(forward, *batches.at(step))
                pupil.learn(value, step)
                self._record(pupil, step + 1, total)
                progress(step + 1, total)
        pupil.finish()
        return pupil.history

    def _forward(self, network: nn.Module) -> Callable[[Tensor], Tensor]:
        forward: Callable[[Tensor], Tensor] = network
        if (noise := self.noise) is not None:

            def forward(inputs: Tensor) -> Tensor:
                return noise.run(cast(Network, network), inputs)

        return torch.compile(forward) if self.recipe.compiled else forward

    def _loss(self, forward: Callable[[Tensor], Tensor], inputs: Tensor, labels: Tensor) -> Tensor:
        half = self.recipe.precision == "bfloat16"
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=half):
            return self.loss(inputs, forward(inputs).float(), labels)

    def _record(self, pupil: "_Pupil", done: int, total: int) -> None:
        saves = self.savings is not None and done % self.savings.every == 0
        if saves or done == total or done % CHECK_EVERY == 0:
            pupil.history.check(done)
        if self.look and (done == total or done % self.look.every == 0):
            pupil.history.accuracies[done - 1] = pupil.measured(self.look)
        if self.savings and saves:
            self.savings.save(pupil, pupil.optimiser, done)


class _Pupil(nn.Module):
    """All that changes while a network trains, under one roof, so that it is saved together."""

    def __init__(self, network: nn.Module, recipe: TrainingRecipe, total: int) -> None:
        super().__init__()
        if recipe.channels_last:
            _lay_out(network, torch.channels_last)
        self.network = network
        self.average = averaged(network, recipe.average) if recipe.average else None
        self.history = History(total).to(_device(network))
        self.recipe, self.total = recipe, total
        self._masks = FixedMasks.of_zeros(cast(Network, network)).notable()
        self._weights = dict(network.named_parameters())
        self.optimiser = torch.optim.SGD(
            network.parameters(),
            recipe.learning_rate,
            recipe.momentum,
            weight_decay=recipe.weight_decay,
            fused=_device(network).type == "cuda",
        )

    def learn(self, loss: Tensor, step: int) -> None:
        """One step of the optimiser."""
        self.optimiser.zero_grad()
        loss.backward()
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate(step, self.total)
        self.optimiser.step()
        self._masks.apply(self._weights, step + 1, self.total)
        if self.average is not None:
            self.average.update_parameters(self.network)
        self.history.losses[step] = loss.detach()

    def measured(self, look: Look) -> float:
        """What a look sees of the weights that would be handed out now."""
        shown = self.network if self.average is None else self.average.module
        accuracy = look.measure(shown.eval())
        self.network.train()
        return accuracy

    def finish(self) -> None:
        """Hand out the averaged weights, if they are wanted, in eval mode."""
        if isinstance(self.average, AveragedModel):
            self.network.load_state_dict(self.average.module.state_dict())
        if self.recipe.channels_last:
            _lay_out(self.network, torch.contiguous_format)
        self.network.eval()


@contextmanager
def _own_draws(device: torch.device) -> Iterator[None]:
    """Dropout and noise draw from generators that are afterwards as they were before."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield


def _lay_out(network: nn.Module, layout: torch.memory_format) -> None:
    """The weights of convolutions of images, in place."""
    for weight in network.parameters():
        if weight.dim() == 4:
            weight.data = weight.data.contiguous(memory_format=layout)


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
