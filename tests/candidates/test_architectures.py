import pytest
import torch

from candidates.architectures import build
from candidates.errors import InvalidRecipe
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
        build(TINY.model_copy(update={"architecture": "alexnet"}))


def test_a_cifar_network_gives_a_logit_for_every_class() -> None:
    assert network_of(TINY)(inputs_of()).shape == (4, 3)


def test_the_shortcut_that_halves_takes_every_second_pixel_and_pads_with_zeros() -> None:
    shortcut = network_of(TINY).get_submodule("layer2.0.shortcut")
    images = torch.randn(2, 16, 8, 8)
    expected = torch.zeros(2, 32, 4, 4)
    expected[:, 8:24] = images[:, :, ::2, ::2]
    assert torch.equal(shortcut(images), expected)
