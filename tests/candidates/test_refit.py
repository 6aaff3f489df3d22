from functools import cache

import pytest
import torch
from torch import Tensor, nn

from candidates import reconstruct
from candidates.candidate import Kept
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.recipe import Preprocessing
from candidates.refit import Refit, shrunk_consumers
from candidates.stream import Stream
from candidates.teacher import Teacher
from tests.candidates.builders import (
    colour_recipe,
    images_of,
    only_neighbourhood,
    randomised,
    teacher_from,
    teacher_of,
)
from tests.candidates.small import SMALL

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
    return whole.advanced(teacher.root(neighbourhood)).advanced(teacher.entering(neighbourhood))


def refit(
    teacher: Teacher, each: Neighbourhood, part: Network, kept: Kept, ours: Stream, theirs: Stream
) -> None:
    Refit(each, teacher.layout, teacher.part(each), RIDGE).run(part, kept, ours, theirs)


def gap(left: nn.Module, right: nn.Module, ours: Stream, theirs: Stream) -> float:
    with torch.inference_mode():
        pairs = zip(ours, theirs, strict=True)
        return sum(float((left(a) - right(b)).square().sum()) for a, b in pairs)


def anchor_gap(part: Network, teacher: Network, name: str, ours: Stream, their: Stream) -> float:
    with torch.inference_mode():
        return sum(
            float((part.values(a, [name])[0] - teacher.values(b, [name])[0]).square().sum())
            for a, b in zip(ours, their, strict=True)
        )


def every_other(neighbourhood: Neighbourhood) -> Kept:
    return {width.name: tuple(range(0, width.size, 2)) for width in neighbourhood.widths}


@pytest.mark.parametrize("index", [0, 3, 8])
def test_on_the_teachers_own_activations_all_channels_give_the_teacher_back(index: int) -> None:
    """Only the solved convolution was spoilt, so the closed form can restore it."""
    teacher = teacher_of()
    neighbourhood = teacher.split.neighbourhoods[index]
    (width,) = neighbourhood.widths
    # One channel less that is dead anyway, so that the width counts as shrunk.
    norm = width.name.replace("conv", "bn")
    for name in ("weight", "bias"):
        teacher.network.tensors()[f"{norm}.{name}"].data[-1] = 0
    kept = {width.name: tuple(range(width.size - 1))}
    part = teacher.narrowed(neighbourhood, kept)
    weight = part.tensors()[width.name.replace("conv1", "conv2") + ".weight"]
    weight.data += 0.1 * torch.randn_like(weight)
    stream = stream_into(teacher, neighbourhood, 256)
    wanted = teacher.part(neighbourhood)
    before = gap(part, wanted, stream, stream)
    Refit(neighbourhood, teacher.layout, wanted, 1e-9).run(part, kept, stream, stream)
    assert gap(part, wanted, stream, stream) < 1e-4 * before


def test_a_refit_is_the_least_squares_solution_at_the_anchor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With rows [H 1] and targets divided by the gain, as lstsq solves them."""
    monkeypatch.setattr(reconstruct, "ENOUGH_ROWS", 0)
    teacher = tiny()
    neighbourhood = teacher.split.neighbourhoods[1]
    (width,) = neighbourhood.widths
    kept = {width.name: (0, 2, 3, 7, 11)}
    part, wanted = teacher.narrowed(neighbourhood, kept), teacher.part(neighbourhood)
    stream = stream_into(teacher, neighbourhood)
    (name,) = width.consumers
    calls = {call.name: call for call in part.program.calls}
    with torch.inference_mode():
        entering = torch.cat(list(stream))
        (hidden,) = part.values(entering, calls[name].values())
        (target,) = wanted.values(entering, [name])
    columns = nn.functional.unfold(hidden, 3, 1, 1).transpose(1, 2).flatten(0, 1).double()
    rows = torch.cat([columns, torch.ones(len(columns), 1, dtype=torch.float64)], 1)
    target = target.movedim(1, -1).flatten(0, 2).double()
    best = torch.linalg.lstsq(rows, target, driver="gelsd").solution
    tensors = part.tensors()
    old_mean = tensors["layer1.1.bn2.running_mean"].clone()
    Refit(neighbourhood, teacher.layout, wanted, 1e-10).run(part, kept, stream, stream)
    weight = tensors["layer1.1.conv2.weight"].detach().flatten(1).double()
    moved = (old_mean - tensors["layer1.1.bn2.running_mean"]).double()
    found = torch.cat([weight.T, moved.unsqueeze(0)])  # dead channels may have any weight
    torch.testing.assert_close(rows @ found, rows @ best, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("index", [0, 4, 7])
def test_a_refit_makes_up_for_errors_before_the_neighbourhood(index: int) -> None:
    teacher = tiny()
    neighbourhood = teacher.split.neighbourhoods[index]
    kept = every_other(neighbourhood)
    part, wanted = teacher.narrowed(neighbourhood, kept), teacher.part(neighbourhood)
    theirs = stream_into(teacher, neighbourhood)
    ours = theirs.advanced(Noisy())
    name = next(each.name for each in part.program.calls if each.name.startswith("add"))
    before = anchor_gap(part, wanted, name, ours, theirs)
    refit(teacher, neighbourhood, part, kept, ours, theirs)
    assert anchor_gap(part, wanted, name, ours, theirs) < 0.9 * before


@pytest.mark.parametrize("name", ["transformer", "windows", "modern", "inverted"])
def test_errors_on_a_skip_path_are_made_up_for_by_the_branch(name: str) -> None:
    """The last consumer of a branch is solved for the sum, not for the branch alone."""
    network, recipe = SMALL[name]()
    teacher = teacher_from(network, recipe)
    gains = []
    for neighbourhood in teacher.split.neighbourhoods:
        kept = every_other(neighbourhood)
        part, wanted = teacher.narrowed(neighbourhood, kept), teacher.part(neighbourhood)
        theirs = stream_into(teacher, neighbourhood, 256)
        ours = theirs.advanced(Noisy())
        refit(teacher, neighbourhood, part, kept, theirs, theirs)
        before = gap(part, wanted, ours, theirs)
        refit(teacher, neighbourhood, part, kept, ours, theirs)
        gains.append(gap(part, wanted, ours, theirs) / before)
    assert min(gains) < 1
    assert max(gains) <= 1


def test_a_refit_that_would_lose_behind_a_layer_norm_changes_nothing() -> None:
    """The norm forgives a student's activations that are three times too large."""
    torch.manual_seed(0)
    layers = nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 12), nn.LayerNorm(12)
    teacher = teacher_from(nn.Sequential(nn.Flatten(), *layers))
    neighbourhood = only_neighbourhood(teacher)
    kept = {neighbourhood.widths[0].name: tuple(range(15))}
    theirs = stream_into(teacher, neighbourhood, 64)
    part = teacher.narrowed(neighbourhood, kept)
    part.tensors()["1.weight"].data *= 3
    part.tensors()["1.bias"].data *= 3
    part.tensors()["3.bias"].data *= 3
    wanted = teacher.part(neighbourhood)
    before = gap(part, wanted, theirs, theirs)
    refit(teacher, neighbourhood, part, kept, theirs, theirs)
    assert gap(part, wanted, theirs, theirs) <= before


@pytest.mark.parametrize("name", SMALL)
def test_on_the_teachers_activations_a_refit_never_loses(name: str) -> None:
    network, recipe = SMALL[name]()
    teacher = teacher_from(network, recipe)
    for neighbourhood in teacher.split.neighbourhoods:
        kept = every_other(neighbourhood)
        part, wanted = teacher.narrowed(neighbourhood, kept), teacher.part(neighbourhood)
        stream = stream_into(teacher, neighbourhood, 256)
        before = gap(part, wanted, stream, stream)
        refit(teacher, neighbourhood, part, kept, stream, stream)
        assert gap(part, wanted, stream, stream) < before


def test_a_bottleneck_is_refitted_at_both_of_its_widths() -> None:
    teacher = teacher_of(colour_recipe("resnet50"))
    neighbourhood = teacher.split.neighbourhoods[1]
    kept = every_other(neighbourhood)
    part, wanted = teacher.narrowed(neighbourhood, kept), teacher.part(neighbourhood)
    stream = stream_into(teacher, neighbourhood, 16)
    weights = {name: values.clone() for name, values in part.tensors().items()}
    before = gap(part, wanted, stream, stream)
    refit(teacher, neighbourhood, part, kept, stream, stream)
    changed = {n for n, values in part.tensors().items() if not torch.equal(values, weights[n])}
    assert changed == {
        f"layer1.1.{name}"
        for name in ("conv2.weight", "conv3.weight", "bn2.running_mean", "bn3.running_mean")
    }
    assert gap(part, wanted, stream, stream) < 0.5 * before


@pytest.mark.parametrize("bias", [True, False])
def test_layers_without_a_norm_are_refitted_through_their_bias_if_any(
    bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconstruct, "ENOUGH_ROWS", 0)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 5, bias=bias))
    teacher = teacher_from(network)
    neighbourhood = only_neighbourhood(teacher)
    kept = {"1": (0, 2, 5, 6, 9)}
    part, wanted = teacher.narrowed(neighbourhood, kept), teacher.part(neighbourhood)
    stream = stream_into(teacher, neighbourhood, 200)
    Refit(neighbourhood, teacher.layout, wanted, 1e-10).run(part, kept, stream, stream)
    with torch.inference_mode():
        entering = torch.cat(list(stream))
        rows = part.values(entering, ["relu"])[0].double()
        if bias:
            rows = torch.cat([rows, torch.ones(len(rows), 1)], 1)
        best = torch.linalg.lstsq(rows, wanted(entering).double(), driver="gelsd").solution
        torch.testing.assert_close(part(entering).double(), rows @ best, rtol=1e-4, atol=1e-4)


def normed() -> tuple[Teacher, Neighbourhood]:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 4, 3, bias=False),
        nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    teacher = teacher_from(randomised(network))
    return teacher, only_neighbourhood(teacher)


@pytest.mark.parametrize("silent", [[1], [0, 1, 2, 3]], ids=str)
def test_norms_with_a_gain_of_zero_keep_everything_finite(silent: list[int]) -> None:
    teacher, neighbourhood = normed()
    teacher.network.tensors()["4.weight"].data[silent] = 0
    kept = {"0": (0, 3, 4)}
    part = teacher.narrowed(neighbourhood, kept)
    before = part.tensors()["3.weight"].detach().clone()
    stream = stream_into(teacher, neighbourhood, 16)
    refit(teacher, neighbourhood, part, kept, stream, stream)
    assert all(torch.isfinite(values).all() for values in part.tensors().values())
    changed = (part.tensors()["3.weight"] != before).flatten(1).any(1)
    assert changed.tolist() == [channel not in silent for channel in range(4)]


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
        part = teacher.narrowed(neighbourhood, kept)
        stream = Stream(images_of(count=140), UNIT, limit).advanced(teacher.root(neighbourhood))
        refit(teacher, neighbourhood, part, kept, stream, stream)
        results.append(part.tensors())
    assert all(torch.equal(results[0][name], results[1][name]) for name in results[0])


@pytest.mark.parametrize("index", [0, 4])
def test_what_is_zero_stays_zero_and_the_rest_is_solved(index: int) -> None:
    teacher = tiny()
    neighbourhood = teacher.split.neighbourhoods[index]
    part, wanted = teacher.narrowed(neighbourhood, {}), teacher.part(neighbourhood)
    generator = torch.Generator().manual_seed(0)
    weights = [values for values in part.tensors().values() if values.dim() == 4]
    for values in weights:
        values.data.mul_(torch.rand(values.shape, generator=generator) < 0.6)
    before = [values.detach() != 0 for values in weights]
    stream = stream_into(teacher, neighbourhood, 256)
    error = gap(part, wanted, stream, stream)
    Refit(neighbourhood, teacher.layout, wanted, RIDGE).run(part, {}, stream, stream)
    assert gap(part, wanted, stream, stream) < error / 2
    assert all(torch.equal(m, v != 0) for m, v in zip(before, weights, strict=True))


def test_a_sparse_row_is_solved_by_least_squares_on_what_is_not_zero(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With rows [H 1] and targets divided by the gain; every row as lstsq solves it alone."""
    monkeypatch.setattr(reconstruct, "ENOUGH_ROWS", 0)
    teacher, name = tiny(), "layer1.1.conv2"
    neighbourhood = teacher.split.neighbourhoods[1]
    part, wanted = teacher.narrowed(neighbourhood, {}), teacher.part(neighbourhood)
    tensors = part.tensors()
    weight = tensors[f"{name}.weight"]
    mask = torch.rand(weight.shape, generator=torch.Generator().manual_seed(0)) < 0.4
    weight.data *= mask
    stream = stream_into(teacher, neighbourhood)
    (call,) = [each.name for each in part.program.calls if f"{name}.weight" in each.tensors()]
    calls = {each.name: each for each in part.program.calls}
    with torch.inference_mode():
        entering = torch.cat(list(stream))
        (hidden,) = part.values(entering, calls[call].values())
        (target,) = wanted.values(entering, [call])
    columns = nn.functional.unfold(hidden, 3, 1, 1).transpose(1, 2).flatten(0, 1).double()
    target = target.movedim(1, -1).flatten(0, 2).double()
    norm = "layer1.1.bn2.running_mean"
    old_mean = tensors[norm].clone()
    Refit(neighbourhood, teacher.layout, wanted, 1e-10).run(part, {}, stream, stream)
    moved = (old_mean - tensors[norm]).double()
    assert (weight[~mask] == 0).all()
    for row in range(len(weight)):
        used = columns[:, mask[row].flatten()]
        used = torch.cat([used, torch.ones(len(used), 1, dtype=torch.float64)], 1)
        best = torch.linalg.lstsq(used, target[:, row : row + 1], driver="gelsd").solution
        found = torch.cat([weight[row][mask[row]].detach().double(), moved[row : row + 1]])
        torch.testing.assert_close(used @ found, (used @ best)[:, 0], rtol=1e-3, atol=1e-3)


def test_long_sparse_rows_are_left_to_the_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candidates.refit.MAX_SPARSE_COLUMNS", 10)
    teacher = tiny()
    neighbourhood = teacher.split.neighbourhoods[1]
    part = teacher.narrowed(neighbourhood, {})
    weight = part.tensors()["layer1.1.conv2.weight"]
    weight.data[:, ::2] = 0
    before = weight.clone()
    stream = stream_into(teacher, neighbourhood)
    refit(teacher, neighbourhood, part, {}, stream, stream)
    assert torch.equal(weight, before)
