from typing import Any

import pytest
from pydantic import ValidationError

from candidates.recipe import LibraryRecipe, Preprocessing, TeacherRecipe
from tests.candidates.builders import TINY


def recipe(**changes: Any) -> TeacherRecipe:
    return TeacherRecipe.model_validate({**TINY.model_dump(), **changes})


def test_a_recipe_comes_back_from_its_json() -> None:
    assert TeacherRecipe.model_validate_json(TINY.model_dump_json()) == TINY


def test_mean_and_std_must_have_as_many_channels() -> None:
    with pytest.raises(ValidationError, match="mean has 1 channels but std has 2"):
        Preprocessing(mean=(0.5,), std=(0.2, 0.2))


def test_the_preprocessing_must_have_the_channels_of_the_input() -> None:
    with pytest.raises(
        ValidationError, match=r"input has 3 channels but preprocessing\.mean has 1"
    ):
        recipe(input=(3, 8, 8))


@pytest.mark.parametrize("std", [0, -1, float("nan"), float("inf")])
def test_a_standard_deviation_must_be_positive_and_finite(std: float) -> None:
    with pytest.raises(ValidationError):
        Preprocessing(mean=(0,), std=(std,))


@pytest.mark.parametrize("size", [(1, 7, 8), (1, 8, 2000), (0, 8, 8), (1, 8), (1, 8, 8, 8)])
def test_an_input_has_channels_height_and_width_in_range(size: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        recipe(input=size)


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="weights"):
        recipe(weights="IMAGENET1K_V1")


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        TINY.architecture = "vgg16_bn"


def test_multipliers_are_sorted_and_hold_the_teacher_itself() -> None:
    recipe = LibraryRecipe(kinds={"width": {"multiplier": (0.5, 0.1, 0.5)}})
    assert recipe.kinds == {"width": {"multiplier": (0.1, 0.5, 1.0)}}


def test_no_multipliers_at_all_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"kinds\.width\.multiplier is empty"):
        LibraryRecipe.model_validate({"multipliers": []})


def test_multipliers_may_be_written_without_their_kind() -> None:
    short = LibraryRecipe.model_validate({"multipliers": [0.5]})
    assert short == LibraryRecipe(kinds={"width": {"multiplier": (0.5,)}})
    assert LibraryRecipe.model_validate_json(short.model_dump_json()) == short


def test_other_kinds_stand_beside_the_teacher_itself() -> None:
    recipe = LibraryRecipe(kinds={"width": {"multiplier": (0.5,)}})
    assert recipe.grid() == [("width", {"multiplier": 0.5}), ("width", {"multiplier": 1.0})]


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ({"wdith": {}}, "no kind 'wdith'"),
        ({"width": {"sparsity": (0.5,)}}, "no knob 'sparsity'"),
        ({"width": {"multiplier": ("half",)}}, "kinds.width.multiplier is 'half'"),
        ({"width": {"multiplier": ()}}, "kinds.width.multiplier is empty; name at least one"),
        ({"sparse": {"method": ()}}, "kinds.sparse.method is empty"),
        ({"width": {"multiplier": (1.5,)}}, "at most 1"),
    ],
)
def test_what_does_not_exist_is_named(kinds: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        LibraryRecipe(kinds=kinds)


@pytest.mark.parametrize(
    "changes",
    [
        {"multipliers": (0,)}, {"multipliers": (1.1,)}, {"ridge": 0}, {"steps": -1},
        {"batch_size": 1}, {"seed": -1}, {"calibration_images": 0}, {"granularity": "chunk"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LibraryRecipe(**changes)


def test_a_recipe_of_defaults_asks_for_the_papers_ten_multipliers() -> None:
    tenths = tuple(n / 10 for n in range(1, 11))
    assert LibraryRecipe().kinds == {"width": {"multiplier": tenths}}
    assert LibraryRecipe.model_validate({"kinds": {"width": {}}}) == LibraryRecipe()
