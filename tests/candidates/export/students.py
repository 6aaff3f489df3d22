"""Students' files of small networks, and images for them."""

import torch
from torch import nn

from candidates.assembly import Description
from candidates.checkpoint import Checkpoint
from candidates.graph.network import Network
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.student import student_checkpoint
from tests.candidates.builders import randomised, traced


def recipe(shape: tuple[int, ...]) -> TeacherRecipe:
    channels = shape[0]
    plain = Preprocessing(mean=(0.5,) * channels, std=(0.25,) * channels)
    return TeacherRecipe(input=shape, preprocessing=plain)  # type: ignore[arg-type]


def student_of(module: nn.Module, shape: tuple[int, ...] = (3, 8, 8)) -> tuple[Checkpoint, Network]:
    """A module's file, as a student's would be, and its network."""
    torch.manual_seed(0)
    with torch.no_grad():
        module.eval()(torch.zeros(2, *shape))  # which tells a lazy layer its size
    network = traced(randomised(module), shape)
    return student_checkpoint(network, Description(recipe=recipe(shape))), network


def images(shape: tuple[int, ...], count: int = 3) -> torch.Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(1))
