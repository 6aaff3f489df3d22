from functools import cache

import pytest
import torch
from torch import nn

from candidates.errors import UnsplittableTeacher
from candidates.graph import INPUT, Graph
from candidates.narrow import shrink
from candidates.neighbourhood import Split
from candidates.recipe import TeacherRecipe
from candidates.split import split
from tests.candidates.builders import TINY, colour_recipe, inputs_of, network_of

RECIPES = {
    recipe.architecture: recipe
    for recipe in [TINY, *(colour_recipe(n) for n in ("resnet18", "resnet50", "vgg11_bn"))]
}
architectures = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)


@cache
def graph_of(architecture: str) -> Graph:
    return Graph(network_of(RECIPES[architecture]))


@cache
def split_of(architecture: str) -> Split:
    return split(graph_of(architecture))


@architectures
def test_neighbourhoods_and_what_lies_between_in_a_row_are_the_network(
    recipe: TeacherRecipe,
) -> None:
    graph, images = graph_of(recipe.architecture), inputs_of(recipe, 2)
    with torch.inference_mode():
        values, here = images, INPUT
        for part in split_of(recipe.architecture).neighbourhoods:
            values = graph.part(here, part.input)(values)
            values = graph.part(part.input, part.output)(values)
            here = part.output
        values = graph.part(here, graph.end)(values)
        assert torch.equal(values, graph.network(images))


@architectures
def test_every_parameter_is_in_one_neighbourhood_or_left_out_with_a_reason(
    recipe: TeacherRecipe,
) -> None:
    parts = split_of(recipe.architecture)
    inside = [module for part in parts.neighbourhoods for module in part.modules]
    outside = [left.module for left in parts.left_out]
    owners = {
        name.rpartition(".")[0]
        for name, _ in graph_of(recipe.architecture).network.named_parameters()
    }
    assert len(inside) == len(set(inside))
    assert not set(inside) & set(outside)
    assert owners <= {*inside, *outside}
    assert all(left.reason.endswith(".") for left in parts.left_out)


@architectures
def test_the_coverage_counts_the_parameters_inside(recipe: TeacherRecipe) -> None:
    parts = split_of(recipe.architecture)
    network = graph_of(recipe.architecture).network
    total = sum(parameter.numel() for parameter in network.parameters())
    inside = sum(part.num_parameters for part in parts.neighbourhoods)
    assert inside + sum(left.num_parameters for left in parts.left_out) == total
    assert parts.coverage == pytest.approx(inside / total)
    assert 0 < parts.shrinkable <= parts.coverage


@architectures
def test_shrinking_any_width_leaves_the_output_shape(recipe: TeacherRecipe) -> None:
    graph = graph_of(recipe.architecture)
    values, here = inputs_of(recipe, 1), INPUT
    for part in split_of(recipe.architecture).neighbourhoods:
        with torch.inference_mode():
            values = graph.part(here, part.input)(values)
            wanted = graph.part(part.input, part.output)(values)
            for width in part.widths:
                narrow = graph.copy_of_part(part.input, part.output)
                shrink(narrow, part.widths, {width.name: (1,)})
                assert narrow(values).shape == wanted.shape
        values, here = wanted, part.output


@architectures
def test_indices_count_from_zero_and_names_are_unique(recipe: TeacherRecipe) -> None:
    parts = split_of(recipe.architecture).neighbourhoods
    assert [part.index for part in parts] == list(range(len(parts)))
    assert len({part.name for part in parts}) == len(parts)


def test_a_cifar_resnet_is_split_into_its_blocks() -> None:
    names = [part.name for part in split_of("cifar_resnet20").neighbourhoods]
    assert names == [f"layer{layer}.{block}" for layer in (1, 2, 3) for block in range(3)]


def test_each_basic_block_has_the_width_between_its_convolutions() -> None:
    for part in split_of("resnet18").neighbourhoods:
        (width,) = part.widths
        assert width.producers == (f"{part.name}.conv1",)
        assert width.carriers == (f"{part.name}.bn1",)
        assert width.consumers == (f"{part.name}.conv2",)


def test_each_bottleneck_has_both_hidden_widths() -> None:
    parts = split_of("resnet50").neighbourhoods
    assert len(parts) == 16
    for part in parts:
        assert [width.name for width in part.widths] == [
            f"{part.name}.conv1", f"{part.name}.conv2",
        ]  # fmt: skip


def test_a_plain_chain_is_split_into_pairs_and_an_odd_end_into_three() -> None:
    parts = split_of("vgg11_bn").neighbourhoods
    assert [part.name for part in parts] == [
        "features.0…features.4", "features.8…features.11", "features.15…features.18",
        "features.22…features.25", "classifier.0…classifier.6",
    ]  # fmt: skip
    assert [len(part.widths) for part in parts] == [1, 1, 1, 1, 2]


def test_the_stem_and_the_classifier_are_left_out_by_name() -> None:
    left = {left.module for left in split_of("cifar_resnet20").left_out}
    assert left == {"conv1", "bn1", "fc"}


def test_a_network_without_an_inner_width_cannot_be_split() -> None:
    with pytest.raises(UnsplittableTeacher, match="no inner width"):
        split(Graph(nn.Sequential(nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 2))))


def test_a_chain_of_two_layers_is_one_neighbourhood_over_both() -> None:
    chain = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    parts = split(Graph(chain))
    assert [part.modules for part in parts.neighbourhoods] == [("0", "1", "2")]
    assert parts.left_out == ()
    assert parts.coverage == 1
