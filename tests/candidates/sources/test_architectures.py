import sys

import pytest
import torch

from candidates.errors import InvalidRecipe
from candidates.sources.architectures import build
from tests.candidates.builders import TINY, colour_recipe, inputs_of, network_of

PUBLISHED = {
    "cifar_resnet20": 269_722, "cifar_resnet32": 464_154, "cifar_resnet44": 658_586,
    "cifar_resnet56": 853_018, "resnet18": 11_689_512, "resnet34": 21_797_672,
    "resnet50": 25_557_032, "vgg16_bn": 138_365_992,
}  # fmt: skip


@pytest.mark.parametrize(("architecture", "count"), PUBLISHED.items())
def test_networks_have_the_published_number_of_parameters(architecture: str, count: int) -> None:
    recipe = colour_recipe(architecture).model_copy(update={"kwargs": {}})
    with torch.device("meta"):
        network = build(recipe)
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_only_what_is_allowed_is_built() -> None:
    with pytest.raises(InvalidRecipe):
        build(TINY.model_copy(update={"architecture": "resnet19"}))


def test_a_cifar_network_gives_a_logit_for_every_class() -> None:
    assert network_of(TINY)(inputs_of()).shape == (4, 3)


def test_the_shortcut_that_halves_takes_every_second_pixel_and_pads_with_zeros() -> None:
    shortcut = network_of(TINY).get_submodule("layer2.0.shortcut")
    images = torch.randn(2, 16, 8, 8)
    expected = torch.zeros(2, 32, 4, 4)
    expected[:, 8:24] = images[:, :, ::2, ::2]
    assert torch.equal(shortcut(images), expected)


@pytest.mark.parametrize(
    ("architecture", "side"),
    [
        ("vit_b_32", 64), ("googlenet", 64), ("inception_v3", 75), ("squeezenet1_1", 48),
        ("timm/resnet10t", 64), ("timm/vit_tiny_patch16_224", 48),
    ],
)  # fmt: skip
def test_networks_are_built_for_the_size_of_the_input(architecture: str, side: int) -> None:
    recipe = colour_recipe(architecture, side)
    with torch.device("meta"):
        network = build(recipe).eval()
        logits = network(torch.empty(2, *recipe.input))
    assert logits.shape == (2, 3)


def test_a_timm_network_takes_the_channels_of_the_input() -> None:
    recipe = TINY.model_copy(
        update={"architecture": "timm/mobilenetv2_050", "kwargs": {"in_chans": 1}}
    )
    recipe = recipe.model_copy(update={"input": (1, 32, 32)})
    assert build(recipe).eval()(torch.zeros(1, 1, 32, 32)).shape == (1, 1000)


def test_what_a_builder_refuses_is_said_in_its_words() -> None:
    recipe = colour_recipe("timm/xcit_nano_12_p16_224", 40)
    with pytest.raises(InvalidRecipe, match="'timm/xcit_nano_12_p16_224' cannot be built with"):
        build(recipe)


def test_without_timm_its_architectures_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InvalidRecipe, match=r"student-search\[timm\]"):
        build(colour_recipe("timm/resnet10t"))
