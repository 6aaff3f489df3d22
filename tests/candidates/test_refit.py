from functools import cache

import pytest
import torch
from torch import Tensor, nn

from candidates.graph import Graph, probe
from candidates.moments import rows_of
from candidates.narrow import shrink
from candidates.neighbourhood import Neighbourhood
from candidates.recipe import Preprocessing
from candidates.refit import refit, shrunk_consumers
from candidates.stream import Stream
from candidates.teacher import Teacher
from tests.candidates.builders import (
    colour_recipe,
    images_of,
    only_neighbourhood,
    randomised,
    shrunk_copy,
    teacher_of,
)

RIDGE = 1e-6
UNIT = Preprocessing(mean=(0.5,), std=(0.25,))


class Noisy(nn.Module):
    """What a student's earlier errors do to its activations, the same for every batch size."""

    def forward(self, values: Tensor) -> Tensor:
        return values + 0.4 * torch.sin(5 * values) - 0.1


@cache
def tiny() -> Teacher:
    return teacher_of()


def stream_into(teacher: Teacher, neighbourhood: Neighbourhood, count: int = 64) -> Stream:
    images = images_of(teacher.recipe, count)
    whole = Stream(images, teacher.recipe.preprocessing, 10**9)
    return whole.advanced(teacher.root(neighbourhood))


def gap(left: nn.Module, right: nn.Module, ours: Stream, theirs: Stream) -> float:
    with torch.inference_mode():
        pairs = zip(ours, theirs, strict=True)
        return sum(float((left(a) - right(b)).square().sum()) for a, b in pairs)


def anchor_gap(
    part: nn.Module, teacher: nn.Module, node: str, ours: Stream, their: Stream
) -> float:
    def at_node(network: nn.Module, batch: Tensor) -> Tensor:
        (value,) = probe(network, [node])(batch)
        return value

    with torch.inference_mode():
        return sum(
            float((at_node(part, a) - at_node(teacher, b)).square().sum())
            for a, b in zip(ours, their, strict=True)
        )


@pytest.mark.parametrize("index", [0, 3, 8])
def test_on_the_teachers_own_activations_all_channels_give_the_teacher_back(index: int) -> None:
    """Only the solved convolution was spoilt, so the closed form can restore it."""
    teacher = tiny()
    neighbourhood = teacher.split.neighbourhoods[index]
    part, wanted = teacher.copy_of(neighbourhood), teacher.part(neighbourhood)
    (width,) = neighbourhood.widths
    consumer = part.get_submodule(width.consumers[0])
    consumer.weight.data += 0.1 * torch.randn_like(consumer.weight)
    stream = stream_into(teacher, neighbourhood, 128)
    before = gap(part, wanted, stream, stream)
    # One channel less that is dead anyway, so that the width counts as shrunk.
    kept = {width.name: tuple(range(width.size - 1))}
    for network in (part, wanted := teacher.copy_of(neighbourhood)):
        network.get_submodule(width.carriers[0]).weight.data[-1] = 0
        network.get_submodule(width.carriers[0]).bias.data[-1] = 0
    spoilt = part.get_submodule(width.consumers[0]).weight.detach().clone()
    shrink(part, neighbourhood.widths, kept)
    assert torch.equal(part.get_submodule(width.consumers[0]).weight, spoilt[:, :-1])
    refit(part, wanted, neighbourhood, kept, (stream, stream), 1e-9)
    assert gap(part, wanted, stream, stream) < 1e-5 * before


def test_a_refit_is_the_least_squares_solution_at_the_anchor() -> None:
    """With rows [H 1] and targets divided by the gain, as lstsq solves them."""
    teacher = tiny()
    neighbourhood = teacher.split.neighbourhoods[1]
    (width,) = neighbourhood.widths
    kept = {width.name: (0, 2, 3, 7, 11)}
    part = shrunk_copy(teacher.graph, neighbourhood, kept)
    stream = stream_into(teacher, neighbourhood)
    consumer, norm = "layer1.1.conv2", "layer1.1.bn2"
    with torch.inference_mode():
        entering = torch.cat(list(stream))
        (hidden,) = probe(part, ["layer1_1_relu1"])(entering)
        (target,) = probe(teacher.part(neighbourhood), ["layer1_1_conv2"])(entering)
    rows = rows_of(part.get_submodule(consumer), hidden).double()
    rows = torch.cat([rows, torch.ones(len(rows), 1, dtype=torch.float64)], 1)
    target = target.movedim(1, -1).flatten(0, 2).double()
    best = torch.linalg.lstsq(rows, target, driver="gelsd").solution
    old_mean = part.get_submodule(norm).running_mean.clone()
    refit(part, teacher.part(neighbourhood), neighbourhood, kept, (stream, stream), 1e-10)
    weight = part.get_submodule(consumer).weight.detach().flatten(1).double()
    moved = (old_mean - part.get_submodule(norm).running_mean).double()
    found = torch.cat([weight.T, moved.unsqueeze(0)])  # dead channels may have any weight
    torch.testing.assert_close(rows @ found, rows @ best, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("index", [0, 4, 7])
def test_a_refit_makes_up_for_errors_before_the_neighbourhood(index: int) -> None:
    teacher = tiny()
    neighbourhood = teacher.split.neighbourhoods[index]
    (width,) = neighbourhood.widths
    kept = {width.name: tuple(range(0, width.size, 2))}
    part, wanted = shrunk_copy(teacher.graph, neighbourhood, kept), teacher.part(neighbourhood)
    theirs = stream_into(teacher, neighbourhood)
    ours = theirs.advanced(Noisy())
    node = next(n.name for n in part.graph.nodes if n.name.startswith("add"))
    before = anchor_gap(part, wanted, node, ours, theirs)
    refit(part, wanted, neighbourhood, kept, (ours, theirs), RIDGE)
    assert anchor_gap(part, wanted, node, ours, theirs) < 0.9 * before


def test_a_bottleneck_is_refitted_at_both_of_its_widths() -> None:
    teacher = teacher_of(colour_recipe("resnet50"))
    neighbourhood = teacher.split.neighbourhoods[1]
    kept = {width.name: tuple(range(0, width.size, 2)) for width in neighbourhood.widths}
    part, wanted = shrunk_copy(teacher.graph, neighbourhood, kept), teacher.part(neighbourhood)
    stream = stream_into(teacher, neighbourhood, 16)
    weights = {name: values.clone() for name, values in part.state_dict().items()}
    before = gap(part, wanted, stream, stream)
    refit(part, wanted, neighbourhood, kept, (stream, stream), 1e-4)
    changed = {n for n, values in part.state_dict().items() if not torch.equal(values, weights[n])}
    assert changed == {
        f"layer1.1.{name}"
        for name in ("conv2.weight", "conv3.weight", "bn2.running_mean", "bn3.running_mean")
    }
    assert gap(part, wanted, stream, stream) < 0.5 * before


def plain(bias: bool) -> tuple[Graph, Neighbourhood]:
    torch.manual_seed(0)
    return only_neighbourhood(
        nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 5, bias=bias))
    )


@pytest.mark.parametrize("bias", [True, False])
def test_layers_without_a_norm_are_refitted_through_their_bias_if_any(bias: bool) -> None:
    graph, neighbourhood = plain(bias)
    kept = {"1": (0, 2, 5, 6, 9)}
    part = shrunk_copy(graph, neighbourhood, kept)
    wanted = graph.part(neighbourhood.input, neighbourhood.output)
    images = images_of(count=200)
    stream = Stream(images, UNIT, 10**9).advanced(graph.part("input", neighbourhood.input))
    refit(part, wanted, neighbourhood, kept, (stream, stream), 1e-10)
    with torch.inference_mode():
        entering = torch.cat(list(stream))
        rows = part.get_submodule("2")(part.get_submodule("1")(entering.flatten(1))).double()
        if bias:
            rows = torch.cat([rows, torch.ones(len(rows), 1)], 1)
        best = torch.linalg.lstsq(rows, wanted(entering).double(), driver="gelsd").solution
        torch.testing.assert_close(part(entering).double(), rows @ best, rtol=1e-4, atol=1e-4)


def test_a_norm_with_a_gain_of_zero_keeps_everything_finite() -> None:
    torch.manual_seed(0)
    network = randomised(
        nn.Sequential(
            nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(),
            nn.Conv2d(6, 4, 3, bias=False), nn.BatchNorm2d(4),
        )
    )  # fmt: skip
    network[4].weight.data[1] = 0
    graph, neighbourhood = only_neighbourhood(network)
    kept = {"0": (0, 3, 4)}
    part = shrunk_copy(graph, neighbourhood, kept)
    before = part.get_submodule("3").weight.detach().clone()
    stream = Stream(images_of(count=16), UNIT, 10**9)
    whole = graph.part("input", graph.end)
    refit(part, whole, neighbourhood, kept, (stream, stream), RIDGE)
    assert all(torch.isfinite(values).all() for values in part.state_dict().values())
    after = part.get_submodule("3").weight
    assert torch.equal(after[1], before[1])
    assert not torch.equal(after[0], before[0])


def test_norms_with_no_gain_at_all_keep_everything_finite() -> None:
    teacher = teacher_of()
    neighbourhood = teacher.split.neighbourhoods[2]
    teacher.network.get_submodule("layer1.2.bn2").weight.data.zero_()
    kept = {neighbourhood.widths[0].name: (0, 1)}
    part = shrunk_copy(teacher.graph, neighbourhood, kept)
    stream = stream_into(teacher, neighbourhood)
    refit(part, teacher.part(neighbourhood), neighbourhood, kept, (stream, stream), RIDGE)
    assert all(torch.isfinite(values).all() for values in part.state_dict().values())


def test_only_consumers_of_widths_that_lost_channels_are_named() -> None:
    neighbourhood = tiny().split.neighbourhoods[0]
    (width,) = neighbourhood.widths
    whole = tuple(range(width.size))
    assert shrunk_consumers(neighbourhood, {}) == ()
    assert shrunk_consumers(neighbourhood, {width.name: whole}) == ()
    assert shrunk_consumers(neighbourhood, {width.name: whole[1:]}) == width.consumers


def test_the_streams_may_be_of_any_memory_limit() -> None:
    teacher = tiny()
    neighbourhood = teacher.split.neighbourhoods[0]
    kept = {neighbourhood.widths[0].name: (0, 5, 6)}
    results = []
    for limit in (0, 10**9):
        part = shrunk_copy(teacher.graph, neighbourhood, kept)
        stream = Stream(images_of(count=140), UNIT, limit).advanced(teacher.root(neighbourhood))
        refit(part, teacher.part(neighbourhood), neighbourhood, kept, (stream, stream), RIDGE)
        results.append(part.state_dict())
    assert all(torch.equal(results[0][name], results[1][name]) for name in results[0])
