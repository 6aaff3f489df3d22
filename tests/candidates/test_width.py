from itertools import pairwise

import pytest
import torch
from torch import nn

from candidates.moments import rows_of
from candidates.recipe import TeacherRecipe
from candidates.reconstruct import columns
from candidates.stream import Stream
from candidates.width import WidthMaker
from tests.candidates.builders import (
    TINY,
    colour_recipe,
    library,
    materials_of,
    shrunk_copy,
    teacher_of,
)


def maker_of(
    recipe: TeacherRecipe = TINY, index: int = 0, ridge: float = 1e-8
) -> tuple[WidthMaker, Stream]:
    materials = materials_of(teacher_of(recipe), library(ridge=ridge))
    neighbourhood = materials.teacher.split.neighbourhoods[index]
    maker = WidthMaker(materials.teacher, neighbourhood, materials.statistics, ridge)
    return maker, materials.calibration(neighbourhood, 48)


def outputs(network: nn.Module, stream: Stream) -> torch.Tensor:
    with torch.inference_mode():
        return torch.cat([network(batch) for batch in stream])


@pytest.mark.parametrize(
    ("multiplier", "count"), [(1e-6, 1), (0.1, 2), (0.25, 4), (0.5, 8), (0.9, 14), (0.96, 15)]
)
def test_a_multiplier_keeps_its_rounded_share_and_at_least_one(
    multiplier: float, count: int
) -> None:
    maker, _ = maker_of()
    assert len(maker.kept(multiplier)["layer1.0.conv1"]) == count


def test_a_multiplier_that_rounds_to_everything_keeps_everything() -> None:
    maker, _ = maker_of()
    assert maker.kept(1.0) == maker.kept(0.99) == {}


def test_kept_channels_are_nested() -> None:
    maker, _ = maker_of()
    sets = [set(maker.kept(k / 10)["layer1.0.conv1"]) for k in range(1, 10)]
    assert all(small <= large for small, large in pairwise(sets))


def test_a_bottleneck_shrinks_both_of_its_widths() -> None:
    maker, _ = maker_of(colour_recipe("resnet50"), index=0)
    kept = maker.kept(0.5)
    assert {name: len(channels) for name, channels in kept.items()} == {
        "layer1.0.conv1": 32, "layer1.0.conv2": 32,
    }  # fmt: skip


@pytest.mark.parametrize("index", [0, 3, 6])
def test_the_consumer_gets_its_least_squares_weights(index: int) -> None:
    maker, stream = maker_of(index=index)
    part = maker.teacher.part(maker.neighbourhood)
    (width,) = maker.neighbourhood.widths
    kept = maker.kept(0.5)
    candidate = maker.make(kept, stream)
    consumer = part.get_submodule(width.consumers[0])
    producer = part.get_submodule(width.producers[0])
    with torch.inference_mode():
        entering = torch.cat(list(stream))
        carrier = part.get_submodule(width.carriers[0])
        rows = rows_of(consumer, carrier(producer(entering)).relu()).double()
    ones = torch.ones(len(rows), 1, dtype=torch.float64)
    few = torch.cat([rows[:, columns(kept[width.name], 9)], ones], 1)
    target = rows @ consumer.weight.detach().double().flatten(1).T
    residual = (
        (few @ torch.linalg.lstsq(few, target, driver="gelsd").solution - target).square().sum()
    )
    weight = candidate.get_submodule(width.consumers[0]).weight.detach().double().flatten(1)
    norm = width.consumers[0].replace("conv", "bn")
    shift = (
        part.get_submodule(norm).running_mean - candidate.get_submodule(norm).running_mean
    ).double()
    found = few @ torch.cat([weight.T, shift.unsqueeze(0)]) - target
    assert found.square().sum() <= residual * 1.001 + 1e-4 * target.square().sum()


@pytest.mark.parametrize(
    "recipe", [TINY, colour_recipe("resnet18")], ids=lambda recipe: recipe.architecture
)
def test_a_solved_candidate_is_nearer_to_the_teacher_than_cut_channels(
    recipe: TeacherRecipe,
) -> None:
    maker, stream = maker_of(recipe, index=1, ridge=1e-4)
    kept = maker.kept(0.5)
    wanted = outputs(maker.teacher.part(maker.neighbourhood), stream)
    solved = outputs(maker.make(kept, stream), stream)
    cut = outputs(shrunk_copy(maker.teacher.graph, maker.neighbourhood, kept), stream)
    assert (solved - wanted).square().mean() < 0.7 * (cut - wanted).square().mean()


def test_channels_that_are_always_zero_go_first_without_a_loss() -> None:
    materials = materials_of(teacher_of())
    teacher = teacher_of()
    norm = teacher.network.get_submodule("layer1.0.bn1")
    norm.weight.data[::2] = 0
    norm.bias.data[::2] = -1
    materials = materials_of(teacher)
    neighbourhood = teacher.split.neighbourhoods[0]
    maker = WidthMaker(teacher, neighbourhood, materials.statistics, 1e-6)
    stream = materials.calibration(neighbourhood, 48)
    kept = maker.kept(0.5)
    assert kept == {"layer1.0.conv1": tuple(range(1, 16, 2))}
    wanted = outputs(teacher.part(neighbourhood), stream)
    torch.testing.assert_close(
        outputs(maker.make(kept, stream), stream), wanted, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize(
    "recipe", [TINY, colour_recipe("resnet18")], ids=lambda recipe: recipe.architecture
)
@pytest.mark.parametrize("bias", [-1.0, 0.0, 0.7, 900.0])
def test_a_width_that_never_varies_still_gives_finite_candidates(
    recipe: TeacherRecipe, bias: float
) -> None:
    teacher = teacher_of(recipe)
    neighbourhood = teacher.split.neighbourhoods[1]
    norm = teacher.network.get_submodule(neighbourhood.widths[-1].carriers[0])
    norm.weight.data.zero_()
    norm.bias.data.fill_(bias)
    materials = materials_of(teacher, library(calibration_images=16))
    maker = WidthMaker(teacher, neighbourhood, materials.statistics, 1e-4)
    stream = materials.calibration(neighbourhood, 16)
    candidate = maker.make(maker.kept(0.1), stream)
    assert torch.isfinite(outputs(candidate, stream)).all()
