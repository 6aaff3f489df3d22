"""What is said of weights that do not suit their recipe."""

import pytest
import torch
from torch import Tensor

from candidates.errors import InvalidCheckpoint
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.sources.allowed import ARCHITECTURES
from candidates.sources.architectures import build
from candidates.sources.fit import load_weights
from candidates.sources.likeness import advice, likeness
from candidates.tensors import checkpoint_of


def recipe(architecture: str, **kwargs: int) -> TeacherRecipe:
    preprocessing = Preprocessing(mean=(0.5,) * 3, std=(0.25,) * 3)
    return TeacherRecipe(
        architecture=architecture, kwargs=kwargs, input=(3, 32, 32), preprocessing=preprocessing
    )


def state(architecture: str, **kwargs: int) -> dict[str, Tensor]:
    with torch.device("meta"):
        return build(recipe(architecture, **kwargs)).state_dict()


def shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(values.shape) for name, values in tensors.items()}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An allow-list that is soon gone through."""
    names = ("cifar_resnet20", "resnet18", "resnet34", "mobilenet_v2")
    allowed = {name: ARCHITECTURES[name] for name in names}
    monkeypatch.setattr("candidates.sources.likeness.ARCHITECTURES", allowed)


def test_weights_that_fit_need_no_advice() -> None:
    found = shapes(state("cifar_resnet20"))
    assert advice(build, recipe("cifar_resnet20"), found) == ""


@pytest.mark.parametrize(
    "architecture", ["cifar_resnet20", "resnet18", "squeezenet1_1", "densenet121", "vit_b_32"]
)
def test_another_number_of_classes_is_read_from_the_head(architecture: str) -> None:
    found = shapes(state(architecture, num_classes=7))
    said = advice(build, recipe(architecture), found)
    assert said == 'The file\'s head has 7 classes: give kwargs {"num_classes": 7}.'


def test_the_architecture_that_fits_is_named() -> None:
    said = advice(
        build, recipe("resnet18", num_classes=5), shapes(state("resnet34", num_classes=5))
    )
    assert said == "The file looks like 'resnet34': give that architecture."


def test_the_architecture_is_named_with_its_number_of_classes() -> None:
    found = shapes(state("cifar_resnet32", num_classes=100))
    said = advice(build, recipe("resnet18"), found)
    assert said == (
        "The file looks like 'cifar_resnet32': give that architecture with kwargs "
        '{"num_classes": 100}.'
    )


def test_the_nearest_is_named_where_none_fits(few: None) -> None:
    found = shapes(state("resnet34"))
    del found["fc.weight"], found["fc.bias"], found["bn1.weight"]
    said = advice(build, recipe("mobilenet_v2"), found)
    assert said == (
        "Of the allow-list 'resnet34' is nearest: 99 % of the tensors have its names and shapes."
    )


def test_nothing_is_said_of_weights_like_no_other(few: None) -> None:
    assert advice(build, recipe("resnet18"), {"a.weight": (3, 4)}) == ""


def test_what_cannot_be_built_is_like_nothing() -> None:
    assert likeness(build, recipe("resnet18").model_copy(update={"kwargs": {"x": 1}}), {}) is None


def test_the_refusal_of_weights_ends_with_the_advice() -> None:
    torch.manual_seed(0)
    weights = checkpoint_of(build(recipe("cifar_resnet20", num_classes=7)).state_dict())
    with pytest.raises(InvalidCheckpoint, match=r"should be \[10, 64\].*num_classes\": 7}\.$"):
        load_weights(build, recipe("cifar_resnet20"), weights)
