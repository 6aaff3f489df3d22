"""Architectures: from a recipe to an untrained network, by the allow-list only."""

from collections.abc import Callable
from typing import Any

from torch import nn

from candidates.errors import InvalidRecipe
from candidates.recipe import TeacherRecipe
from candidates.sources.allowed import ARCHITECTURES, CIFAR_RESNETS, Architecture, check_recipe
from candidates.sources.cifar_resnet import CifarResNet


def build(recipe: TeacherRecipe) -> nn.Module:
    """A freshly initialised network; InvalidRecipe if the allow-list does not hold it, or if its
    builder refuses the recipe.
    """
    arguments = check_recipe(recipe).model_dump()
    architecture = ARCHITECTURES[str(recipe.architecture)]
    try:
        return _BUILDERS[architecture.library](architecture, arguments, recipe)
    except InvalidRecipe:
        raise
    except Exception as exc:  # builders document no error type
        sides = " × ".join(map(str, recipe.input))
        raise InvalidRecipe(
            f"'{recipe.architecture}' cannot be built with {recipe.kwargs} for images of {sides}: "
            f"{str(exc).rstrip('.') or type(exc).__name__}."
        ) from exc


def _cifar(architecture: Architecture, arguments: dict[str, Any], _: TeacherRecipe) -> nn.Module:
    return CifarResNet(CIFAR_RESNETS[architecture.name], **arguments)


def _torchvision(
    architecture: Architecture, arguments: dict[str, Any], recipe: TeacherRecipe
) -> nn.Module:
    from candidates.sources.vision import models  # heavy, and not needed for CIFAR networks

    arguments.pop("image_size", None)
    if architecture.size:
        height, width = recipe.input[1:]
        arguments[architecture.size] = (
            height if architecture.size == "image_size" else (height, width)
        )
    if architecture.auxiliary:
        arguments |= {"aux_logits": False, "init_weights": True}
    network: nn.Module = models.get_model(architecture.name, weights=None, **arguments)
    return network


def _timm(
    architecture: Architecture, arguments: dict[str, Any], recipe: TeacherRecipe
) -> nn.Module:
    from candidates.sources.timm_models import create  # optional

    if architecture.size:
        arguments[architecture.size] = recipe.input[1:]
    return create(architecture.name, **arguments)


_BUILDERS: dict[str, Callable[[Architecture, dict[str, Any], TeacherRecipe], nn.Module]] = {
    "cifar": _cifar, "torchvision": _torchvision, "timm": _timm,
}  # fmt: skip
