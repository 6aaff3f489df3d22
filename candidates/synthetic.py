"""Synthetic: images made from a teacher alone, so that a library needs nobody's pictures."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from candidates.batch_norm import Norm
from candidates.data import Dataset, ImageSet, normalised
from candidates.errors import InvalidRecipe
from candidates.finite import checked
from candidates.graph.network import Network
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe, Preprocessing
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


def synthetic_dataset(teacher: Teacher, recipe: LibraryRecipe, progress: Progress) -> Dataset:
    """`recipe.synthetic_images` images in three disjoint sets, labelled by the teacher itself.

    Raises InvalidRecipe where inputs are to be "matched" and the teacher has no BatchNorm.
    """
    count, seed = recipe.synthetic_images, recipe.seed
    if recipe.inputs == "matched":
        images = synthesise(teacher, count, recipe.synthetic_steps, seed, progress)
    else:
        noise = torch.randn(count, *teacher.recipe.input, generator=_generator(seed))
        images = quantised(noise, teacher.recipe.preprocessing)
    classes = tuple(f"class {number}" for number in range(teacher.num_classes))
    whole = ImageSet(images, _answers(teacher, images), classes)
    borders = [count * share // SHARES[-1] for share in SHARES]
    return Dataset(*(whole.take(torch.arange(*ends)) for ends in pairwise(borders)))


def synthesise(
    teacher: Teacher, num_images: int, steps: int, seed: int, progress: Progress
) -> Tensor:
    """Images, uint8 [num_images, C, H, W], on which every BatchNorm of the teacher sees about the
    mean and variance that it has stored (Cai et al., 2020, ZeroQ; Yin et al., 2020, DeepInversion).

    They begin as noise with the spectrum of natural images and learn by `steps` steps of Adam,
    each time shifted and mirrored at random, and within the range of pixels, batch by batch.
    Raises InvalidRecipe for a teacher without BatchNorm.
    """
    size = images_at_once(teacher)
    target = Match(teacher.network)
    starts = range(0, num_images, size)
    parts = []
    for number, start in enumerate(starts):
        generator = _generator(seed + start)
        images = first_images(min(size, num_images - start), teacher.recipe.input, generator)
        low, high = _range(teacher.recipe.preprocessing)
        images = images.clamp(low, high).requires_grad_()
        optimiser = torch.optim.Adam([images], lr=RATE, betas=(0.5, 0.9))
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, steps))
        for step in range(steps):
            (images.grad,) = torch.autograd.grad(target.loss(_moved(images, generator)), images)
            optimiser.step()
            schedule.step()
            images.data.clamp_(low, high)
            progress(number * steps + step + 1, len(starts) * steps)
        parts.append(quantised(images.detach(), teacher.recipe.preprocessing))
    return torch.cat(parts)


class Match:
    """How far the values in front of a network's BatchNorms are from the stored statistics."""

    def __init__(self, network: Network) -> None:
        tensors = {name: values.detach() for name, values in network.tensors().items()}
        self.network = Network(network.program, _frozen(tensors, network)).eval()
        self.tensors: Mapping[str, Tensor] = tensors
        self.by_source: dict[str, list[Norm]] = {}
        for norm in map(Norm.of, network.program.calls):
            if norm is not None:
                self.by_source.setdefault(norm.source, []).append(norm)
        if not self.by_source:
            raise InvalidRecipe(
                "Inputs can be matched only to a teacher that has BatchNorms, whose statistics "
                "tell of the images it learned from; this one has none. Give images, or take "
                'inputs "gaussian".'
            )

    def loss(self, images: Tensor) -> Tensor:
        """KL between the normal distributions of the batch and of the statistics, log(1 + KL)
        averaged over channels, so that none that is nearly constant outweighs all, and over norms.
        """
        found: list[Tensor] = []

        def compare(name: str, value: Tensor) -> None:
            for norm in self.by_source.get(name, ()):
                rows = value.transpose(0, 1).flatten(1)
                variance = self.tensors[norm.variance] + norm.eps
                ratio = (rows.var(1) + norm.eps) / variance
                away = (rows.mean(1) - self.tensors[norm.mean]).square() / variance
                found.append(torch.log1p((ratio - 1 - ratio.log() + away) / 2).mean())

        compare(self.network.program.input, images)
        (logits,) = self.network.values(images, [self.network.program.output], compare)
        checked(self.network, images, logits)
        return torch.stack(found).mean()


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


def _frozen(tensors: Mapping[str, Tensor], network: Network) -> dict[str, Tensor]:
    """The same values, of which none asks for a gradient."""
    buffers = set(network.program.buffers)
    return {
        name: values if name in buffers else torch.nn.Parameter(values, requires_grad=False)
        for name, values in tensors.items()
    }


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
