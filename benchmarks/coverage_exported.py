"""Exported: the same architectures as `.pt2` files, of whose source nothing is known."""

import warnings
from pathlib import Path

import torch

from benchmarks.coverage_case import attempt, awake, images_of, recipe_of
from benchmarks.coverage_entry import Outcome
from candidates.recipe import TeacherRecipe
from candidates.sources.exported import program_of
from candidates.teacher import Teacher

FILE = "network.pt2"


def exported(architecture: str, folder: Path) -> Outcome:
    """Whether the file of a plain `torch.export` for two images becomes a teacher that computes
    what the network does, bit for bit, for two images and for three.
    """
    reason = attempt(_take_in, architecture, folder)
    return Outcome(worked=reason is None, reason=reason)


def _take_in(architecture: str, folder: Path) -> None:
    recipe = recipe_of(architecture)
    network = awake(recipe)
    torch.backends.mha.set_fastpath_enabled(False)
    path = folder / FILE
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(network, (images_of(recipe),)), path)
    teacher = _teacher(recipe, path)
    for count in (2, 3):
        images = images_of(recipe, count)
        with torch.inference_mode():
            if not torch.equal(teacher.network(images), network(images)):
                raise ArithmeticError(f"The logits of {count} images differ from the network's.")


def _teacher(recipe: TeacherRecipe, path: Path) -> Teacher:
    traced = program_of(path, recipe.input)
    nameless = recipe.model_copy(update={"architecture": None})
    return Teacher.of(nameless, traced.program, traced.tensors)
