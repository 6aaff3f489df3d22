from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from candidates import reading, reconstruct
from candidates.bench import Bench
from candidates.candidate import Kept
from candidates.graph.network import Network
from candidates.kinds.width import WidthMaker
from candidates.linear_call import LinearCall
from candidates.materials import Materials
from candidates.reading import readings_of
from candidates.stream import Stream
from candidates.strength import strengths
from candidates.teacher import Teacher
from tests.candidates.builders import (
    TINY,
    colour_recipe,
    library,
    materials_of,
    teacher_from,
    teacher_of,
)
from tests.candidates.small import SMALL


@cache
def tiny(ridge: float = 1e-8) -> Materials:
    return materials_of(teacher_of(), library(ridge=ridge))


def maker_of(materials: Materials, index: int = 0) -> tuple[WidthMaker, Stream]:
    teacher, recipe = materials.teacher, materials.recipe
    neighbourhood = teacher.split.neighbourhoods[index]
    stream = materials.calibration(neighbourhood, recipe.calibration_images)
    return WidthMaker(Bench(teacher, neighbourhood, materials.statistics, recipe, stream)), stream


def outputs(network: nn.Module, stream: Stream) -> Tensor:
    with torch.inference_mode():
        return torch.cat([network(batch) for batch in stream])


def strongest(teacher: Teacher, maker: WidthMaker, kept: Kept) -> Network:
    """As many indices as in `kept`, those of the largest norm, and nothing solved."""
    part = teacher.part(maker.bench.neighbourhood)
    found = {}
    for width in maker.bench.neighbourhood.widths:
        if width.name in kept:
            order = strengths(part, teacher.layout, width).argsort(descending=True)
            found[width.name] = tuple(sorted(order[: len(kept[width.name])].tolist()))
    return teacher.narrowed(maker.bench.neighbourhood, found)


@pytest.mark.parametrize(
    ("multiplier", "count"), [(1e-6, 1), (0.1, 2), (0.25, 4), (0.5, 8), (0.9, 14), (0.96, 15)]
)
def test_a_multiplier_keeps_its_rounded_share_and_at_least_one(
    multiplier: float, count: int
) -> None:
    maker, _ = maker_of(tiny())
    assert len(maker.kept(multiplier)["layer1.0.conv1"]) == count


def test_a_multiplier_that_rounds_to_everything_keeps_everything() -> None:
    maker, _ = maker_of(tiny())
    assert maker.kept(1.0) == maker.kept(0.99) == {}


def test_kept_indices_are_nested() -> None:
    maker, _ = maker_of(tiny())
    sets = [set(maker.kept(k / 10)["layer1.0.conv1"]) for k in range(1, 10)]
    assert all(small <= large for small, large in pairwise(sets))


def consumer_in(network: Network, name: str) -> LinearCall:
    call = next(call for call in network.program.calls if call.name == name)
    found = LinearCall.of(call, network.tensors())
    assert found is not None
    return found


@pytest.mark.parametrize("index", [0, 3, 6])
def test_the_consumer_gets_its_least_squares_weights(
    index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconstruct, "ENOUGH_ROWS", 0)
    maker, stream = maker_of(tiny(), index)
    part = maker.bench.teacher.part(maker.bench.neighbourhood)
    (width,) = maker.bench.neighbourhood.widths
    kept = maker.kept(0.5)
    candidate = maker.solved(kept)
    call = consumer_in(part, width.consumers[0])
    with torch.inference_mode():
        (hidden,) = part.values(torch.cat(list(stream)), [call.source])
    rows = call.rows(hidden)[0].double()
    columns = (torch.tensor(kept[width.name]).unsqueeze(1) * 9 + torch.arange(9)).flatten()
    few = torch.cat([rows[:, columns], torch.ones(len(rows), 1).double()], 1)
    target = rows @ part.tensors()[call.weight].detach().double().flatten(1).T
    best = torch.linalg.lstsq(few, target, driver="gelsd").solution
    residual = (few @ best - target).square().sum()
    weight = candidate.tensors()[call.weight].detach().double().flatten(1)
    mean = call.weight.replace("conv", "bn").replace("weight", "running_mean")
    shift = (part.tensors()[mean] - candidate.tensors()[mean]).double()
    found = few @ torch.cat([weight.T, shift.unsqueeze(0)]) - target
    assert found.square().sum() <= residual * 1.001 + 1e-4 * target.square().sum()


def neighbourhoods(name: str) -> Iterator[tuple[WidthMaker, Stream, Stream]]:
    """Of a small network, with streams of calibration and of other images."""
    network, recipe = SMALL[name]()
    settings = library(calibration_images=256, scoring_images=64, ridge=1e-4)
    materials = materials_of(teacher_from(network, recipe), settings, count=256)
    for index, each in enumerate(materials.teacher.split.neighbourhoods):
        if each.widths:
            other = materials.scoring(each).advanced(materials.teacher.entering(each))
            yield (*maker_of(materials, index), other)


@pytest.mark.parametrize("name", SMALL)
def test_all_indices_give_the_teacher_bit_for_bit(name: str) -> None:
    for maker, stream, _ in neighbourhoods(name):
        wanted = outputs(maker.bench.teacher.part(maker.bench.neighbourhood), stream)
        assert torch.equal(outputs(maker.solved(maker.kept(1.0)), stream), wanted)


@pytest.mark.parametrize("name", SMALL)
def test_on_other_images_a_solved_candidate_is_nearer_than_the_strongest_channels(
    name: str,
) -> None:
    for maker, _stream, other in neighbourhoods(name):
        kept = maker.kept(0.5)
        assert kept.keys() == {width.name for width in maker.bench.neighbourhood.widths}
        wanted = outputs(maker.bench.teacher.part(maker.bench.neighbourhood), other)
        solved = outputs(maker.solved(kept), other)
        cut = outputs(strongest(maker.bench.teacher, maker, kept), other)
        assert (solved - wanted).square().mean() < (cut - wanted).square().mean()


@pytest.mark.parametrize("name", ["convolutions", "flattened"])
def test_pointwise_rows_serve_where_full_ones_are_too_long(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [outputs(m.solved(m.kept(0.5)), s) for m, s, _ in neighbourhoods(name)]
    monkeypatch.setattr(reading, "MAX_COLUMNS", 20)
    for (maker, stream, _), best in zip(neighbourhoods(name), full, strict=True):
        part = maker.bench.teacher.part(maker.bench.neighbourhood)
        found = readings_of(part, maker.bench.teacher.layout, maker.bench.neighbourhood).values()
        assert all(each.num_columns <= 20 for each in found)
        kept = maker.kept(0.5)
        wanted = outputs(part, stream)
        pointwise = outputs(maker.solved(kept), stream)
        cut = outputs(strongest(maker.bench.teacher, maker, kept), stream)
        errors = [float((each - wanted).square().mean()) for each in (best, pointwise, cut)]
        assert errors[0] <= errors[1] * 1.01 < errors[2]


def test_channels_that_are_always_zero_go_first_without_a_loss() -> None:
    teacher = teacher_of()
    tensors = teacher.network.tensors()
    tensors["layer1.0.bn1.weight"].data[::2] = 0
    tensors["layer1.0.bn1.bias"].data[::2] = -1
    maker, stream = maker_of(materials_of(teacher, library(ridge=1e-6)))
    kept = maker.kept(0.5)
    assert kept == {"layer1.0.conv1": tuple(range(1, 16, 2))}
    wanted = outputs(teacher.part(maker.bench.neighbourhood), stream)
    torch.testing.assert_close(outputs(maker.solved(kept), stream), wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("bias", [-1.0, 0.0, 0.7, 900.0])
@pytest.mark.parametrize("architecture", ["cifar_resnet20", "resnet18"])
def test_a_width_that_never_varies_still_gives_finite_candidates(
    architecture: str, bias: float
) -> None:
    recipe = TINY if architecture == "cifar_resnet20" else colour_recipe(architecture)
    teacher = teacher_of(recipe)
    tensors = teacher.network.tensors()
    tensors["layer1.1.bn1.weight"].data.zero_()
    tensors["layer1.1.bn1.bias"].data.fill_(bias)
    maker, stream = maker_of(materials_of(teacher, library(calibration_images=16)), 1)
    candidate = maker.solved(maker.kept(0.1))
    assert torch.isfinite(outputs(candidate, stream)).all()


def test_a_width_that_nothing_linear_reads_keeps_its_strongest_indices() -> None:
    class Products(nn.Module):
        """Queries times keys: nothing contracts their axis with a weight."""

        def __init__(self) -> None:
            super().__init__()
            self.query, self.key = nn.Linear(8, 12), nn.Linear(8, 12)
            self.last = nn.Linear(64, 3)

        def forward(self, images: Tensor) -> Tensor:
            rows = images.squeeze(1)
            products = self.query(rows) @ self.key(rows).transpose(1, 2)
            result: Tensor = self.last(products.flatten(1))
            return result

    torch.manual_seed(0)
    network = Products()
    maker, stream = maker_of(materials_of(teacher_from(network)))
    (width,) = maker.bench.neighbourhood.widths
    assert width.consumers == ()
    norms = network.query.weight.square().sum(1) + network.key.weight.square().sum(1)
    expected = tuple(sorted(norms.argsort(descending=True)[:6].tolist()))
    assert maker.kept(0.5) == {width.name: expected}
    candidate = maker.solved(maker.kept(0.5))
    assert candidate.tensors()["query.weight"].shape == (6, 8)
    assert outputs(candidate, stream).shape == (48, 64)
