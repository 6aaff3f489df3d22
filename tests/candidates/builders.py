"""Tiny networks, images and recipes with seeded random values."""

from typing import Any

import torch
from torch import Tensor, nn

from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, ImageSet
from candidates.graph.follow import follow
from candidates.graph.narrow import for_any_batch
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.graph.trace import BATCH_SIZE, trace
from candidates.materials import Materials
from candidates.progress import silent
from candidates.recipe import Granularity, LibraryRecipe, Preprocessing, TeacherRecipe
from candidates.sources.architectures import build
from candidates.statistics import gather
from candidates.teacher import Teacher

CLASSES = ("cat", "dog", "fish")
TINY = TeacherRecipe(
    architecture="cifar_resnet20",
    kwargs={"num_classes": 3, "in_channels": 1},
    input=(1, 8, 8),
    preprocessing=Preprocessing(mean=(0.5,), std=(0.25,)),
)


def colour_recipe(architecture: str, side: int = 32) -> TeacherRecipe:
    return TeacherRecipe(
        architecture=architecture,
        kwargs={"num_classes": 3},
        input=(3, side, side),
        preprocessing=Preprocessing(mean=(0.5, 0.4, 0.3), std=(0.25, 0.2, 0.3)),
    )


def library(**changes: Any) -> LibraryRecipe:
    small = {
        "multipliers": (0.25, 0.5), "steps": 0, "batch_size": 16, "calibration_images": 48,
        "refinement_images": 48, "scoring_images": 32, "validation_images": 0,
    }  # fmt: skip
    return LibraryRecipe(**{**small, **changes})


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """BatchNorm statistics and gains as if the network had been trained; eval mode."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(like: Tensor, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(like.shape, generator=generator)

    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.copy_(uniform(module.running_mean, -0.3, 0.3))
            module.running_var.copy_(uniform(module.running_var, 0.5, 1.5))
            module.weight.data.copy_(uniform(module.weight, 0.4, 1.2))
            module.bias.data.copy_(uniform(module.bias, -0.2, 0.4))
    return network.eval()


def network_of(recipe: TeacherRecipe, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return randomised(build(recipe), seed)


def weights_of(recipe: TeacherRecipe = TINY, seed: int = 0) -> Checkpoint:
    """A teacher's own file."""
    return teacher_of(recipe, seed).checkpoint


def teacher_of(recipe: TeacherRecipe = TINY, seed: int = 0) -> Teacher:
    return teacher_from(network_of(recipe, seed), recipe)


def teacher_from(
    network: nn.Module, recipe: TeacherRecipe = TINY, granularity: Granularity = "block"
) -> Teacher:
    """For any module that takes the recipe's images."""
    traced = trace(network, recipe.input)
    return Teacher.of(recipe, traced.program, traced.tensors, granularity)


def traced(network: nn.Module, shape: tuple[int, ...] = TINY.input) -> Network:
    """A module in eval mode as a network of its own tensors."""
    program, tensors = trace(network.eval(), shape)
    axes = follow(program, tensors, (BATCH_SIZE, *shape))
    return Network(for_any_batch(program, axes), tensors).eval().copied()


def images_of(recipe: TeacherRecipe = TINY, count: int = 48, seed: int = 0) -> ImageSet:
    """Noise, which is all that a random network needs."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(256, (count, *recipe.input), dtype=torch.uint8, generator=generator)
    labels = torch.randint(len(CLASSES), (count,), generator=generator)
    return ImageSet(images, labels, CLASSES)


def dataset_of(recipe: TeacherRecipe = TINY, count: int = 48) -> Dataset:
    return Dataset(*(images_of(recipe, count, seed) for seed in range(3)))


def materials_of(
    teacher: Teacher,
    recipe: LibraryRecipe | None = None,
    dataset: Dataset | None = None,
    count: int = 48,
) -> Materials:
    recipe = recipe or library()
    dataset = dataset or dataset_of(teacher.recipe, count)
    return Materials(teacher, gather(teacher, dataset, recipe, silent), dataset, recipe)


def inputs_of(recipe: TeacherRecipe = TINY, count: int = 4, seed: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *recipe.input, generator=generator)


def only_neighbourhood(teacher: Teacher) -> Neighbourhood:
    """Of a teacher that is split into exactly one."""
    (neighbourhood,) = teacher.split.neighbourhoods
    return neighbourhood
