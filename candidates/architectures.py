"""Architectures: from a recipe to an untrained network, by the allow-list only."""

from torch import nn

from candidates.allowed import CIFAR_RESNETS, check_recipe
from candidates.cifar_resnet import CifarResNet
from candidates.recipe import TeacherRecipe


def build(recipe: TeacherRecipe) -> nn.Module:
    """A freshly initialised network; InvalidRecipe if the allow-list does not hold it."""
    arguments = check_recipe(recipe).model_dump()
    if recipe.architecture in CIFAR_RESNETS:
        return CifarResNet(CIFAR_RESNETS[recipe.architecture], **arguments)
    from candidates.vision import models  # heavy, and not needed for CIFAR networks

    network: nn.Module = models.get_model(recipe.architecture, weights=None, **arguments)
    return network
