"""What is told of a library before any work."""

import pytest

from candidates.errors import InvalidRecipe
from candidates.graph.neighbourhood import LeftOut
from candidates.recipe import LibraryRecipe
from service.suitability import check_modules, check_source, notes
from tests.service import builders

LEFT_OUT = LeftOut(module="head.fc", num_parameters=10, reason="It is fixed.")
SPLIT = builders.split().model_copy(update={"left_out": (LEFT_OUT,)})


def listed(*modules: str) -> LibraryRecipe:
    return LibraryRecipe(granularity=modules)


@pytest.mark.parametrize("module", ["layer0", "layer2.conv1", "head", "head.fc"])
def test_modules_with_parameters_and_those_around_them_may_be_listed(module: str) -> None:
    check_modules(listed(module), SPLIT)


def test_the_nearest_modules_are_named() -> None:
    with pytest.raises(InvalidRecipe, match=r"'layr0'.*The nearest are: layer0"):
        check_modules(listed("layer1", "layr0"), SPLIT)


def test_where_nothing_is_near_the_first_modules_are_named() -> None:
    with pytest.raises(InvalidRecipe, match=r"The nearest are: layer0, layer0\.conv1"):
        check_modules(listed("zzz"), SPLIT)


@pytest.mark.parametrize(
    ("inputs", "dataset", "said"),
    [
        ("images", None, "give the id of a data set"),
        ("matched", "dataset_1", "'dataset_1' would not be looked at"),
    ],
)
def test_images_come_from_one_source(inputs: str, dataset: str | None, said: str) -> None:
    recipe = LibraryRecipe.model_validate({"inputs": inputs})
    with pytest.raises(InvalidRecipe, match=said):
        check_source(recipe, dataset)


def test_nothing_is_noted_where_all_is_as_expected_or_unknown() -> None:
    assert notes(LibraryRecipe(), 10, 10) == []
    assert notes(LibraryRecipe(), None, None) == []


@pytest.mark.parametrize("inputs", ["matched", "gaussian"])
def test_a_library_without_images_says_what_its_accuracies_are(inputs: str) -> None:
    (note,) = notes(LibraryRecipe.model_validate({"inputs": inputs}), 10, None)
    assert note.startswith("No image was read")
    assert "the teacher's own answer" in note
