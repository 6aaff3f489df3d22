from typing import Any

import pytest

from candidates.allowed import ARCHITECTURES, check_recipe
from candidates.errors import InvalidRecipe
from candidates.recipe import TeacherRecipe
from tests.candidates.builders import TINY, colour_recipe


def changed(recipe: TeacherRecipe, **changes: Any) -> TeacherRecipe:
    return recipe.model_copy(update=changes)


def refusal(recipe: TeacherRecipe) -> str:
    with pytest.raises(InvalidRecipe) as caught:
        check_recipe(recipe)
    return str(caught.value)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_architecture_of_the_list_is_allowed(architecture: str) -> None:
    assert check_recipe(colour_recipe(architecture)).num_classes == 3


def test_defaults_are_filled_in() -> None:
    assert check_recipe(changed(colour_recipe("resnet18"), kwargs={})).num_classes == 1000
    assert check_recipe(changed(colour_recipe("cifar_resnet20"), kwargs={})).num_classes == 10


@pytest.mark.parametrize("name", ["alexnet", "os.system", "", "CIFAR_RESNET20", "resnet18 "])
def test_an_unknown_architecture_is_named_with_those_allowed(name: str) -> None:
    sentence = refusal(changed(TINY, architecture=name))
    assert f"'{name}'" in sentence
    assert "cifar_resnet20" in sentence


@pytest.mark.parametrize(
    ("architecture", "kwargs"),
    [
        ("cifar_resnet20", {"depth": 8}),
        ("resnet18", {"in_channels": 3}),
        ("resnet18", {"width_per_group": 64}),
        ("cifar_resnet20", {"num_classes": 1}),
        ("resnet50", {"num_classes": 10**9}),
    ],
)
def test_a_wrong_argument_is_named(architecture: str, kwargs: dict[str, int]) -> None:
    sentence = refusal(changed(colour_recipe(architecture), kwargs=kwargs))
    assert f"kwargs.{next(iter(kwargs))} does not suit '{architecture}'" in sentence


def test_the_input_must_have_the_channels_that_the_network_takes() -> None:
    assert "takes 3" in refusal(changed(TINY, kwargs={}))
    assert "takes 3" in refusal(changed(TINY, architecture="resnet18", kwargs={}))


def test_an_input_too_small_for_five_halvings_is_refused() -> None:
    assert "at least 32, not 16 × 16" in refusal(colour_recipe("vgg11_bn", side=16))
