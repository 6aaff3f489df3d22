from collections import Counter
from typing import Any

import pytest

from candidates.errors import InvalidRecipe
from candidates.recipe import TeacherRecipe
from candidates.sources.allowed import ARCHITECTURES, check_recipe
from tests.candidates.builders import TINY, colour_recipe


def changed(recipe: TeacherRecipe, **changes: Any) -> TeacherRecipe:
    return recipe.model_copy(update=changes)


def refusal(recipe: TeacherRecipe) -> str:
    with pytest.raises(InvalidRecipe) as caught:
        check_recipe(recipe)
    return str(caught.value)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_architecture_of_the_list_is_allowed(architecture: str) -> None:
    assert check_recipe(colour_recipe(architecture, side=224)).num_classes == 3


def test_the_list_holds_the_classifiers_of_all_libraries() -> None:
    libraries = Counter(architecture.library for architecture in ARCHITECTURES.values())
    assert libraries["torchvision"] == 80
    assert libraries["timm"] >= 170
    assert libraries["cifar"] == 4


def test_defaults_are_filled_in() -> None:
    assert check_recipe(changed(colour_recipe("resnet18"), kwargs={})).num_classes == 1000
    assert check_recipe(changed(colour_recipe("cifar_resnet20"), kwargs={})).num_classes == 10


@pytest.mark.parametrize(
    "name", ["resnet19", "os.system", "", "CIFAR_RESNET20", "resnet18 ", "timm/"]
)
def test_an_unknown_architecture_is_named_with_those_allowed(name: str) -> None:
    sentence = refusal(changed(TINY, architecture=name))
    assert f"'{name}'" in sentence
    assert "cifar_resnet20" in sentence


@pytest.mark.parametrize(
    ("architecture", "kwargs"),
    [
        ("cifar_resnet20", {"depth": 8}),
        ("resnet18", {"in_channels": 3}),
        ("resnet18", {"image_size": 32}),
        ("vit_b_16", {"patch_size": 8}),
        ("timm/resnet26d", {"img_size": 32}),
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


def test_a_misspelt_architecture_is_answered_with_the_nearest() -> None:
    sentence = refusal(changed(TINY, architecture="timm/convnext_ato"))
    assert "The nearest are: timm/convnext_atto" in sentence


def test_an_argument_that_the_builder_lacks_is_answered_with_those_it_has() -> None:
    recipe = changed(colour_recipe("timm/vit_tiny_patch16_224", side=224), kwargs={"depth": 3})
    assert "Its builder takes num_classes, in_chans, img_size." in refusal(recipe)


@pytest.mark.parametrize(
    ("architecture", "side", "smallest"),
    [("vgg11_bn", 16, 32), ("alexnet", 56, 63), ("inception_v3", 64, 75), ("resnet50", 8, 32)],
)
def test_an_input_that_is_too_small_is_refused(architecture: str, side: int, smallest: int) -> None:
    sentence = refusal(colour_recipe(architecture, side))
    assert f"at least {smallest}, not {side} × {side}" in sentence


@pytest.mark.parametrize(
    ("architecture", "side", "multiple"), [("vit_b_16", 40, 16), ("maxvit_t", 256, 224)]
)
def test_an_input_that_does_not_divide_is_refused(
    architecture: str, side: int, multiple: int
) -> None:
    assert f"multiples of {multiple}, not" in refusal(colour_recipe(architecture, side))


def test_a_network_for_another_size_of_images_is_refused() -> None:
    recipe = changed(colour_recipe("vit_b_16", 64), kwargs={"image_size": 224})
    assert "images of 224 × 224, but input is 64 × 64" in refusal(recipe)
    recipe = changed(colour_recipe("timm/vit_tiny_patch16_224", 64), kwargs={"img_size": 224})
    assert "images of 224 × 224, but input is 64 × 64" in refusal(recipe)


def test_a_network_for_square_images_is_refused_others() -> None:
    assert "takes square images" in refusal(changed(colour_recipe("vit_b_16"), input=(3, 32, 64)))
