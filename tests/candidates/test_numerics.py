"""Hard cases of the closed forms, against plain least squares on rows built by hand."""

import pytest
import torch
from torch import Tensor, nn

from candidates import reconstruct
from candidates.anchors import Anchor
from candidates.bench import Bench
from candidates.candidate import Kept
from candidates.graph.network import Network
from candidates.kinds.registry import KINDS
from candidates.kinds.width import WidthMaker
from candidates.library import Made, make_candidates
from candidates.linear_call import LinearCall
from candidates.progress import silent
from candidates.refit import Refit, shrunk_consumers
from tests.candidates.builders import library, materials_of, teacher_from, teacher_of
from tests.candidates.hard_cases import CASES

RIDGE = 1e-9


@pytest.fixture(autouse=True)
def few_rows_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the shrinkage of covariances, which plain least squares knows nothing of."""
    monkeypatch.setattr(reconstruct, "ENOUGH_ROWS", 0)


def bench_of(case: str) -> Bench:
    torch.manual_seed(0)
    layers = CASES[case]()
    head = (nn.Tanh(), nn.Flatten(), nn.LazyLinear(3))
    network = nn.Sequential(*layers, *(head if layers[-1].__class__ is not nn.Linear else ()))
    with torch.no_grad():
        network.eval()(torch.zeros(2, 1, 8, 8))
    teacher = teacher_from(network)
    materials = materials_of(teacher, library(ridge=RIDGE))
    neighbourhood = next(each for each in teacher.split.neighbourhoods if each.widths)
    stream = materials.calibration(neighbourhood, 48)
    return Bench(teacher, neighbourhood, materials.statistics, materials.recipe, stream)


def rows_of(call: LinearCall, values: Tensor) -> Tensor:
    """The im2col rows [groups, N·positions, d] of a call in float64, position by position."""
    values = values.double()
    if call.window is None:
        return values.reshape(1, -1, values.shape[-1])
    (above, below), (left, right) = call.window.padding
    padded = nn.functional.pad(values, (left, right, above, below))
    (high, wide), (down, along) = call.window.kernel, call.window.stride
    (deep, broad) = call.window.dilation
    per_group = values.shape[1] // call.groups
    found: list[list[Tensor]] = [[] for _ in range(call.groups)]
    last = padded.shape[2] - deep * (high - 1), padded.shape[3] - broad * (wide - 1)
    for image in padded:
        for top in range(0, last[0], down):
            for start in range(0, last[1], along):
                seen = image[:, top::deep, start::broad][:, :high, :wide]
                for group in range(call.groups):
                    channels = seen[group * per_group : (group + 1) * per_group]
                    found[group].append(channels.flatten())
    return torch.stack([torch.stack(rows) for rows in found])


def least_squares(rows: Tensor, targets: Tensor) -> float:
    """min over X of ‖rows·X − targets‖²."""
    if not targets.numel():
        return 0.0
    best = torch.linalg.lstsq(rows, targets, driver="gelsd").solution
    return float((rows @ best - targets).square().sum())


def errors(
    bench: Bench, candidate: Network, kept: Kept, anchor: Anchor
) -> tuple[float, float, float]:
    """Squared errors at an anchor: of the candidate, the least that any other weights and
    intercept of its call would leave, and that of constants.

    Whatever the weights are now, others reach what they reach plus anything linear in the rows.
    """
    own, outputs = (
        _call_in(candidate, anchor),
        bench.teacher.layout.kept_rows(anchor.call.name, kept),
    )
    if len(outputs) < len(bench.tensors[anchor.call.weight]):
        anchor = anchor.unmoved()
    entering = torch.cat(list(bench.calibration))
    with torch.inference_mode():
        hidden, reached = candidate.values(entering, [own.source, anchor.value])
        (wanted,) = bench.part.values(entering, [anchor.value])
    wanted = own.outputs(wanted.index_select(own.channel, torch.tensor(outputs)).double())
    missing, varying = wanted - own.outputs(reached.double()), wanted - wanted.mean(1, keepdim=True)
    rows = rows_of(own, hidden)
    if anchor.takes_intercept:
        rows = torch.cat([rows, torch.ones_like(rows[:, :, :1])], 2)
    # Outputs without a gain: nothing that the call gives reaches the anchor there.
    heard = (anchor.gain(bench.tensors)[outputs] != 0).reshape(own.groups, -1)
    least = sum(
        least_squares(each, lacking[:, ears]) + float(lacking[:, ~ears].square().sum())
        for each, lacking, ears in zip(rows, missing, heard, strict=True)
    )
    return float(missing.square().sum()), least, float(varying.square().sum())


def _call_in(candidate: Network, anchor: Anchor) -> LinearCall:
    call = next(each for each in candidate.program.calls if each.name == anchor.call.name)
    found = LinearCall.of(call, candidate.tensors())
    assert found is not None
    return found


def errs_as_little_as_possible(bench: Bench, candidate: Network, kept: Kept) -> None:
    names = shrunk_consumers(bench.neighbourhood, kept)
    assert all(values.isfinite().all() for values in candidate.tensors().values())
    for name in names:
        found, least, varying = errors(bench, candidate, kept, bench.anchors[name])
        assert found <= 1.001 * least + 1e-6 * varying + 1e-10


@pytest.mark.parametrize("case", CASES)
def test_a_candidate_errs_no_more_than_least_squares_on_its_rows(case: str) -> None:
    bench = bench_of(case)
    maker = WidthMaker(bench)
    kept = maker.kept(0.5)
    assert kept
    errs_as_little_as_possible(bench, maker.solved(kept), kept)


@pytest.mark.parametrize("case", CASES)
def test_a_refit_errs_no_more_than_least_squares_on_its_rows(case: str) -> None:
    """Of the same channels, from weights that nobody solved."""
    bench = bench_of(case)
    kept = WidthMaker(bench).kept(0.5)
    part, stream = bench.teacher.narrowed(bench.neighbourhood, kept), bench.calibration
    Refit(bench.neighbourhood, bench.teacher.layout, bench.part, RIDGE).run(
        part, kept, stream, stream
    )
    errs_as_little_as_possible(bench, part, kept)


def test_rows_by_hand_give_what_the_convolution_gives() -> None:
    """So that least squares on them is what it should be."""
    for case in ("uneven stride, padding and dilation", "channels of groups"):
        bench = bench_of(case)
        call = list(bench.calls.values())[-2]
        entering = bench.calibration.at(slice(0, 4))
        hidden, wanted = bench.part.values(entering, [call.source, call.name])
        weight = bench.tensors[call.weight].double().flatten(1)
        rows = rows_of(call, hidden)
        found = rows @ weight.reshape(call.groups, -1, weight.shape[1]).mT
        assert call.bias is not None
        bias = bench.tensors[call.bias].double().reshape(call.groups, 1, -1)
        torch.testing.assert_close(found + bias, call.outputs(wanted.double()))


def _everything() -> list[Made]:
    """Candidates of every kind there is at two neighbourhoods, refined; from scratch."""
    recipe = library(kinds={name: {} for name in KINDS}, steps=3)
    materials = materials_of(teacher_of(), recipe)
    return [
        one
        for neighbourhood in materials.teacher.split.neighbourhoods[:2]
        for one in make_candidates(materials, neighbourhood, lambda _: None, silent).made
    ]


def test_the_same_seed_gives_the_same_candidates_of_every_kind_bit_for_bit() -> None:
    first, second = _everything(), _everything()
    assert {one.candidate.kind for one in first} <= set(KINDS)
    for one, other in zip(first, second, strict=True):
        assert (one.identity, one.candidate) == (other.identity, other.candidate)
        assert one.weights.to_bytes() == other.weights.to_bytes()
