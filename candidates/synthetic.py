"""Synthetic: images made from a teacher alone, so that a library needs nobody's pictures."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from candidates.data import Dataset, ImageSet, normalised
from candidates.match import Match
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe, Preprocessing
from candidates.savings import Savings, State
from candidates.teacher import Teacher

SHARES = (0, 4, 5, 6)
"""Borders in sixths: what becomes calibration, scoring and reporting images."""
MAX_BATCH = 256
BATCH_BYTES = 16 * 2**20
"""Most that the images of a batch take: the gradient keeps some 200 times that."""
RATE = 0.1
SHIFT = 2
FALL = 1.5
"""Amplitudes of the first images fall as frequency^−1.5; of natural images about as its inverse
(Field, 1987). Of 0 … 1.5 this met the statistics of a ResNet's BatchNorms best.
"""
COMMON = 0.9
"""How much of the first images' colours is grey."""


def synthetic_dataset(
    teacher: Teacher, recipe: LibraryRecipe, progress: Progress, savings: Savings | None = None
) -> Dataset:
    """`recipe.synthetic_images` images in three disjoint sets, labelled by the teacher itself.

    Raises InvalidRecipe where inputs are to be "matched" and the teacher has no BatchNorm.
    """
    count, seed = recipe.synthetic_images, recipe.seed
    if recipe.inputs == "matched":
        images = synthesise(teacher, count, recipe.synthetic_steps, seed, progress, savings)
    else:
        noise = torch.randn(count, *teacher.recipe.input, generator=_generator(seed))
        images = quantised(noise, teacher.recipe.preprocessing)
    classes = tuple(f"class {number}" for number in range(teacher.num_classes))
    whole = ImageSet(images, _answers(teacher, images), classes)
    borders = [count * share // SHARES[-1] for share in SHARES]
    return Dataset(*(whole.take(torch.arange(*ends)) for ends in pairwise(borders)))


def synthesise(
    teacher: Teacher,
    num_images: int,
    steps: int,
    seed: int,
    progress: Progress,
    savings: Savings | None = None,
) -> Tensor:
    """Images, uint8 [num_images, C, H, W], on which every BatchNorm of the teacher sees about the
    mean and variance that it has stored (Cai et al., 2020, ZeroQ; Yin et al., 2020, DeepInversion).

    They begin as noise with the spectrum of natural images and learn by `steps` steps of Adam,
    each time shifted and mirrored at random, and within the range of pixels, batch by batch. With
    `savings` a run that was killed goes on, to the same images.
    Raises InvalidRecipe for a teacher without BatchNorm.
    """
    size = images_at_once(teacher)
    target = Match(teacher.network)
    starts = range(0, num_images, size)
    begun = savings.read() if savings else None
    parts = [part for _, part in sorted(begun.given("parts").items())] if begun else []
    for number in range(len(parts), len(starts)):
        start = starts[number]
        batch = _Batch(teacher, min(size, num_images - start), seed + start)
        first = batch.restore(begun) if begun else 0
        begun = None
        for step in range(first, steps):
            batch.learn(target, RATE * (1 + math.cos(math.pi * step / steps)) / 2)
            if savings and ((step + 1) % savings.every == 0 or step + 1 == steps):
                savings.write(batch.state(step + 1, parts))
            progress(number * steps + step + 1, len(starts) * steps)
        parts.append(quantised(batch.images.detach(), teacher.recipe.preprocessing))
    return torch.cat(parts)


class _Batch:
    """Images [n, C, H, W] that learn together, and all that it takes to go on with them."""

    def __init__(self, teacher: Teacher, count: int, seed: int) -> None:
        self.generator = _generator(seed)
        self.low, self.high = _range(teacher.recipe.preprocessing)
        first = first_images(count, teacher.recipe.input, self.generator)
        self._canvas = nn.ParameterList([first.clamp(self.low, self.high)])
        self._optimiser = torch.optim.Adam(self._canvas, lr=RATE, betas=(0.5, 0.9))

    @property
    def images(self) -> Tensor:
        """As they are now."""
        images: Tensor = self._canvas[0]
        return images

    def learn(self, target: Match, rate: float) -> None:
        """One step."""
        loss = target.loss(_moved(self.images, self.generator))
        (self.images.grad,) = torch.autograd.grad(loss, self.images)
        self._optimiser.param_groups[0]["lr"] = rate
        self._optimiser.step()
        self.images.data.clamp_(self.low, self.high)

    def state(self, step: int, parts: Sequence[Tensor]) -> State:
        """After so many steps, with the images of the batches before."""
        state = State(step, {"generator": self.generator.get_state()})
        state.add("batch", self._canvas, self._optimiser)
        state.add_tensors("parts", {f"{number:06}": part for number, part in enumerate(parts)})
        return state

    def restore(self, state: State) -> int:
        """Go on from a state; how many steps were done."""
        self.generator.set_state(state.tensors["generator"])
        state.give("batch", self._canvas, self._optimiser)
        return state.step


def first_images(count: int, shape: tuple[int, int, int], generator: torch.Generator) -> Tensor:
    """Noise [count, C, H, W] of unit variance with long waves, its colours mostly grey."""
    noise = torch.randn(count, *shape, generator=generator)
    rows, columns = torch.fft.fftfreq(shape[1])[:, None], torch.fft.fftfreq(shape[2])
    frequency = (rows.square() + columns.square()).sqrt()
    frequency[0, 0] = frequency[0, 1]
    waves = torch.fft.ifft2(torch.fft.fft2(noise) / frequency**FALL).real
    grey = waves.mean(1, keepdim=True) * shape[0] ** 0.5
    mixed: Tensor = COMMON * grey + (1 - COMMON**2) ** 0.5 * waves
    return mixed / mixed.std()


def quantised(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """What `normalised` would have made these images of, as far as pixels can say; uint8."""
    mean = torch.tensor(preprocessing.mean).reshape(-1, 1, 1)
    std = torch.tensor(preprocessing.std).reshape(-1, 1, 1)
    return (255 * (images * std + mean)).round().clamp(0, 255).to(torch.uint8)


def images_at_once(teacher: Teacher) -> int:
    """How many images learn together; the more, the less they have to resemble each other."""
    channels, height, width = teacher.recipe.input
    return max(2, min(MAX_BATCH, BATCH_BYTES // (4 * channels * height * width)))


def _moved(images: Tensor, generator: torch.Generator) -> Tensor:
    shifts = torch.randint(-SHIFT, SHIFT + 1, (2,), generator=generator).tolist()
    moved = images.roll(shifts, (2, 3))
    return moved.flip(3) if torch.rand((), generator=generator) < 0.5 else moved


def _range(preprocessing: Preprocessing) -> tuple[Tensor, Tensor]:
    """Least and greatest value of every channel [C, 1, 1]."""
    ends = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1)
    low, high = normalised(ends.expand(2, len(preprocessing.mean), 1, 1), preprocessing)
    return low, high


def _answers(teacher: Teacher, images: Tensor) -> Tensor:
    size = images_at_once(teacher)
    with torch.inference_mode():
        logits = [
            teacher.network(normalised(batch, teacher.recipe.preprocessing))
            for batch in images.split(size)
        ]
    return torch.cat(logits).argmax(1)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
