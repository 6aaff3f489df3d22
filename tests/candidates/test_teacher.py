import pytest
import torch

from candidates.candidate import Cost
from candidates.checkpoint import Checkpoint
from candidates.cost import cost_of
from candidates.errors import InvalidCheckpoint, InvalidRecipe, NonFiniteActivation
from candidates.recipe import TeacherRecipe
from candidates.teacher import Teacher, load_network
from candidates.tensors import checkpoint_of, from_torch
from tests.candidates.builders import (
    TINY,
    colour_recipe,
    inputs_of,
    network_of,
    teacher_of,
    weights_of,
)  # fmt: skip


def changed(**tensors: torch.Tensor | None) -> Checkpoint:
    """The tiny teacher's file with other tensors, or without them; `__` stands for a dot."""
    result = dict(weights_of().tensors)
    for name, values in tensors.items():
        key = name.replace("__", ".")
        if values is None:
            del result[key]
        else:
            result[key] = from_torch(values)
    return Checkpoint(result)


def refusal(checkpoint: Checkpoint) -> str:
    with pytest.raises(InvalidCheckpoint) as caught:
        Teacher.load(TINY, checkpoint)
    return str(caught.value)


def test_a_teacher_computes_what_its_network_did() -> None:
    assert torch.equal(teacher_of().network(inputs_of()), network_of(TINY)(inputs_of()))


def test_a_teacher_is_in_eval_mode() -> None:
    assert not any(module.training for module in teacher_of().network.modules())


def test_the_first_missing_key_is_named_with_its_shape() -> None:
    sentence = refusal(changed(bn1__bias=None, fc__weight=None))
    assert sentence == "Key 'bn1.bias' is missing; its shape should be [16]."


def test_the_first_wrong_shape_is_named() -> None:
    sentence = refusal(changed(conv1__weight=torch.zeros(16, 3, 3, 3), fc__bias=torch.zeros(9)))
    assert sentence == "Key 'conv1.weight' has shape [16, 3, 3, 3]; it should be [16, 1, 3, 3]."


def test_the_first_wrong_dtype_is_named() -> None:
    sentence = refusal(
        changed(fc__weight=torch.zeros(3, 64).half(), fc__bias=torch.zeros(3).half())
    )
    assert sentence == "Key 'fc.weight' has dtype F16; it should be F32."


def test_of_different_mistakes_the_first_key_in_the_network_is_named() -> None:
    sentence = refusal(changed(bn1__weight=torch.zeros(16).double(), conv1__weight=None))
    assert "'conv1.weight'" in sentence


def test_a_key_that_does_not_belong_is_named() -> None:
    assert refusal(changed(fc__extra=torch.zeros(1))).startswith("Key 'fc.extra' does not belong")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_key_that_is_not_finite_is_named(value: float) -> None:
    assert refusal(changed(fc__bias=torch.full((3,), value))) == "Key 'fc.bias' holds NaN or Inf."


def test_activations_that_become_infinite_name_the_first_module() -> None:
    huge = torch.full((16,), 3e38)
    with pytest.raises(NonFiniteActivation, match=r"'layer1\.0\.conv1'"):
        Teacher.load(TINY, changed(bn1__bias=huge))


def test_a_recipe_that_is_not_allowed_is_refused_first() -> None:
    with pytest.raises(InvalidRecipe):
        Teacher.load(TINY.model_copy(update={"architecture": "alexnet"}), Checkpoint({}))


def test_weights_of_another_class_count_are_refused() -> None:
    recipe = TINY.model_copy(update={"kwargs": {"num_classes": 4, "in_channels": 1}})
    with pytest.raises(InvalidCheckpoint, match=r"Key 'fc\.weight' has shape \[3, 64\]"):
        load_network(recipe, weights_of())


@pytest.mark.parametrize("recipe", [TINY, colour_recipe("resnet18")], ids=str)
def test_costs_add_up_to_the_whole_network(recipe: TeacherRecipe) -> None:
    teacher = teacher_of(recipe)
    total, values = teacher.fixed_cost, torch.zeros(1, *recipe.input)
    for part in teacher.split.neighbourhoods:
        with torch.inference_mode():
            entering = teacher.root(part)(values)
        total = total + cost_of(teacher.part(part), entering)
    assert total == teacher.cost


def test_the_fixed_cost_is_what_lies_outside_all_neighbourhoods() -> None:
    teacher = teacher_of()
    stem = 16 * 9 * 64
    assert teacher.fixed_cost == Cost(
        parameters=16 * 9 + 32 + 64 * 3 + 3,
        macs=stem + 64 * 3,
        bytes=4 * (16 * 9 + 64 + 64 * 3 + 3) + 8,
    )


def test_root_neighbourhood_and_head_in_a_row_are_the_teacher() -> None:
    teacher, images = teacher_of(), inputs_of()
    with torch.inference_mode():
        for part in teacher.split.neighbourhoods:
            hidden = teacher.part(part)(teacher.root(part)(images))
            assert torch.equal(teacher.head(part)(hidden), teacher.network(images))


def test_a_copy_of_a_neighbourhood_can_change_without_the_teacher() -> None:
    teacher = teacher_of()
    part = teacher.split.neighbourhoods[0]
    for parameter in teacher.copy_of(part).parameters():
        parameter.data.zero_()
    assert torch.equal(teacher.network(inputs_of()), network_of(TINY)(inputs_of()))


def test_a_teacher_keeps_the_file_that_it_came_from() -> None:
    file = checkpoint_of(network_of(TINY).state_dict())
    assert Teacher.load(TINY, file).checkpoint is file
