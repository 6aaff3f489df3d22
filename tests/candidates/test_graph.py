from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from candidates.errors import UnsplittableTeacher
from candidates.graph import INPUT, Graph, calls, probe
from candidates.recipe import TeacherRecipe
from tests.candidates.builders import TINY, colour_recipe, inputs_of, network_of

RECIPES = [TINY, *(colour_recipe(name) for name in ("resnet18", "resnet50", "vgg11_bn"))]


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Linear(4, 4) for _ in range(3))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.first(inputs)
        result: Tensor = self.third(hidden + self.second(hidden))
        return result


class DependsOnValues(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        return inputs if inputs.sum() > 0 else -inputs


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.architecture)
def test_the_parts_between_all_cuts_in_a_row_are_the_network(recipe: TeacherRecipe) -> None:
    network, images = network_of(recipe), inputs_of(recipe, 2)
    graph = Graph(network)
    with torch.inference_mode():
        values = images
        for after, upto in pairwise([INPUT, *graph.cuts()]):
            values = graph.part(after, upto)(values)
        assert torch.equal(values, network(images))


def test_a_cut_lies_only_where_a_single_tensor_is_alive() -> None:
    assert Graph(Branching()).cuts() == ["first", "add", "third"]


def test_the_last_cut_is_the_output() -> None:
    graph = Graph(Branching())
    assert graph.cuts()[-1] == graph.end


def test_a_part_shares_its_parameters_and_their_names_with_the_network() -> None:
    network = Branching()
    part = Graph(network).part("first", "add")
    assert dict(part.named_parameters()).keys() == {"second.weight", "second.bias"}
    assert part.get_parameter("second.weight") is network.second.weight


def test_a_copy_of_a_part_has_parameters_of_its_own() -> None:
    network = Branching()
    copy = Graph(network).copy_of_part("first", "add")
    copy.get_parameter("second.weight").data.zero_()
    assert network.second.weight.abs().sum() > 0


def test_an_empty_part_passes_its_input_through() -> None:
    inputs = torch.randn(2, 4)
    assert Graph(Branching()).part("add", "add")(inputs) is inputs


def test_a_probe_gives_the_values_of_the_named_nodes() -> None:
    network, inputs = Branching(), torch.randn(2, 4)
    graph = Graph(network)
    second, add = probe(graph.part(INPUT, graph.end), ["second", "add"])(inputs)
    assert torch.equal(second, network.second(network.first(inputs)))
    assert torch.equal(add, network.first(inputs) + second)


def test_a_probe_runs_no_further_than_asked() -> None:
    network = Branching()
    graph = Graph(network)
    ran: list[str] = []
    network.second.register_forward_hook(lambda *_: ran.append("second"))
    network.third.register_forward_hook(lambda *_: ran.append("third"))
    probe(graph.part(INPUT, graph.end), ["second"])(torch.randn(2, 4))
    assert ran == ["second"]


def test_modules_are_named_once_in_the_order_in_which_they_run() -> None:
    assert list(calls(Graph(Branching()).nodes)) == ["first", "second", "third"]


def test_a_network_whose_path_depends_on_values_cannot_be_split() -> None:
    with pytest.raises(UnsplittableTeacher, match="DependsOnValues cannot be traced"):
        Graph(DependsOnValues())
