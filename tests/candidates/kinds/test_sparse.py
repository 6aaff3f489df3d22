from functools import cache

import pytest
import torch

from candidates import matrix
from candidates.bench import Bench
from candidates.draft import Draft
from candidates.errors import NotApplicable
from candidates.masks import FixedMasks
from candidates.pruning import PolynomialPruning
from candidates.reconstruct import regularised
from tests.candidates.builders import TINY, network_of, teacher_from
from tests.candidates.kinds.drafts import bench_of, draft_of, gap, materials, stands_in
from tests.candidates.small import SMALL


@cache
def tiny(index: int = 0, granularity: str = "block") -> Bench:
    return small("resnet", index, granularity)


@cache
def small(name: str, index: int = 0, granularity: str = "block") -> Bench:
    """With more rows than columns."""
    network, recipe = (network_of(TINY), TINY) if name == "resnet" else SMALL[name]()
    teacher = teacher_from(network, recipe, granularity)
    return bench_of(materials("sparse", teacher, calibration_images=128, ridge=1e-6), index)


def sparsity(bench: Bench, draft: Draft) -> float:
    """Of all weights of linear calls."""
    weights = [draft.network.tensors()[call.weight] for call in bench.calls.values()]
    return sum(int((w == 0).sum()) for w in weights) / sum(w.numel() for w in weights)


@pytest.mark.parametrize("index", [0, 3])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_the_share_of_zeros_is_what_was_asked_for(index: int, share: float) -> None:
    bench = tiny(index)
    draft = draft_of("sparse", bench, sparsity=share, method="obc")
    assert sparsity(bench, draft) == pytest.approx(share, abs=1e-3)
    stands_in(bench, draft)


@pytest.mark.parametrize("method", ["obc", "2:4", "magnitude"])
@pytest.mark.parametrize("name", sorted(SMALL))
def test_every_small_network_has_sparse_candidates(name: str, method: str) -> None:
    bench = small(name)
    try:
        draft = draft_of("sparse", bench, sparsity=0.5, method=method)
    except NotApplicable as exc:
        assert method == "2:4"
        assert "fours" in str(exc)  # noqa: PT017
        return
    stands_in(bench, draft)
    assert draft.kept == {}
    if method != "2:4":
        assert sparsity(bench, draft) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("index", [0, 4])
def test_obc_loses_less_than_pairs_and_pairs_less_than_magnitude(index: int) -> None:
    bench = tiny(index)
    obc, pairs, plain = (
        gap(bench, draft_of("sparse", bench, sparsity=0.5, method=method).network)
        for method in ("obc", "2:4", "magnitude")
    )
    assert obc < pairs < plain


def test_more_zeros_lose_more() -> None:
    bench = tiny()
    gaps = [
        gap(bench, draft_of("sparse", bench, sparsity=s, method="obc").network)
        for s in (0.3, 0.5, 0.7, 0.9)
    ]
    assert gaps == sorted(gaps)


@pytest.mark.parametrize("index", [1, 5])
def test_at_layer_granularity_survivors_are_the_least_squares_solution(index: int) -> None:
    bench = tiny(index, "layer")
    (call,) = bench.calls.values()
    draft = draft_of("sparse", bench, sparsity=0.6, method="obc")
    found = draft.network.tensors()[call.weight].detach().double().flatten(1)
    teacher = bench.tensors[call.weight].detach().double().flatten(1)
    gram = bench.full_gram(call.name)
    assert gram is not None
    factor = torch.linalg.cholesky(regularised(gram, bench.recipe.ridge)[0]).T
    for row, wanted in zip(found, teacher, strict=True):
        support = row.nonzero().flatten()
        target = (factor @ wanted).unsqueeze(1)
        best = torch.linalg.lstsq(factor[:, support], target, driver="gelsd").solution
        torch.testing.assert_close(row[support], best[:, 0], rtol=1e-3, atol=1e-4)


def test_the_intercept_makes_up_for_the_means_of_what_is_gone() -> None:
    bench = tiny(1, "layer")
    (call,) = bench.calls.values()
    draft = draft_of("sparse", bench, sparsity=0.8, method="obc")
    anchor = bench.anchors[call.name]
    ours, theirs = [], []
    with torch.inference_mode():
        for batch in bench.calibration:
            ours.append(draft.network.values(batch, [anchor.unmoved().value])[0])
            theirs.append(bench.part.values(batch, [anchor.unmoved().value])[0])
    means = (torch.cat(ours) - torch.cat(theirs)).mean((0, 2, 3))
    assert means.abs().max() < 1e-3


def test_two_of_every_four_channels_are_zero_at_every_tap() -> None:
    bench = tiny()
    draft = draft_of("sparse", bench, sparsity=0.5, method="2:4")
    for call in bench.calls.values():
        zeros = draft.network.tensors()[call.weight] == 0
        assert (zeros.unflatten(1, (-1, 4)).sum(2) == 2).all()


def test_pairs_are_half_of_the_weights_and_nothing_else() -> None:
    with pytest.raises(NotApplicable, match="half of the weights zero, not 70%"):
        draft_of("sparse", tiny(), sparsity=0.7, method="2:4")


def test_masks_hold_every_zero_and_no_other_weight() -> None:
    bench = tiny()
    draft = draft_of("sparse", bench, sparsity=0.7, method="obc")
    assert isinstance(draft.constraint, FixedMasks)
    tensors = draft.network.tensors()
    before = {name: values.detach().clone() for name, values in tensors.items()}
    draft.constraint.apply(tensors, 0, 10)
    assert all(torch.equal(values, before[name]) for name, values in tensors.items())
    for name, mask in draft.constraint.masks.items():
        assert torch.equal(mask, before[name] != 0)


def test_magnitude_starts_from_the_teacher_where_there_are_steps() -> None:
    bench = tiny()
    steps = Bench(
        bench.teacher,
        bench.neighbourhood,
        bench.statistics,
        bench.recipe.model_copy(update={"steps": 4}),
        bench.calibration,
    )
    draft = draft_of("sparse", steps, sparsity=0.5, method="magnitude")
    assert isinstance(draft.constraint, PolynomialPruning)
    assert gap(bench, draft.network) == 0
    for step in range(5):
        draft.constraint.apply(draft.network.tensors(), step, 4)
    plain = draft_of("sparse", bench, sparsity=0.5, method="magnitude").network.tensors()
    for call in bench.calls.values():
        assert torch.equal(draft.network.tensors()[call.weight], plain[call.weight])


@pytest.mark.parametrize("method", ["obc", "2:4"])
def test_long_calls_are_swept_with_one_inverse(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = tiny()
    exact = gap(bench, draft_of("sparse", bench, sparsity=0.5, method=method).network)
    plain = gap(bench, draft_of("sparse", bench, sparsity=0.5, method="magnitude").network)
    monkeypatch.setattr(matrix, "MAX_WORK", 0)
    draft = draft_of("sparse", bench, sparsity=0.5, method=method)
    assert sparsity(bench, draft) == pytest.approx(0.5, abs=1e-3)
    assert exact < gap(bench, draft.network) < plain


@pytest.mark.parametrize("method", ["obc", "2:4"])
def test_calls_without_a_gram_lose_their_smallest_weights(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = tiny(1, "layer")
    monkeypatch.setattr(Bench, "full_gram", lambda _self, _call: None)
    draft = draft_of("sparse", bench, sparsity=0.5, method=method)
    (call,) = bench.calls.values()
    weight = draft.network.tensors()[call.weight]
    assert sparsity(bench, draft) == 0.5
    assert torch.equal(weight, bench.tensors[call.weight] * (weight != 0))


def test_weights_shared_between_calls_stay() -> None:
    class Twice(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = torch.nn.Conv2d(6, 6, 3, padding=1), torch.nn.Conv2d(6, 6, 1)

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = values + self.one(self.two(self.one(values)).relu()).relu()
            return found

    torch.manual_seed(0)
    layers = torch.nn.Conv2d(1, 6, 3), Twice(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    network = torch.nn.Sequential(*layers, torch.nn.Linear(6, 3))
    teacher = teacher_from(network)
    bench = bench_of(materials("sparse", teacher))
    assert all("one" not in call.weight for call in bench.calls.values())
    try:
        draft = draft_of("sparse", bench, sparsity=0.5, method="obc")
    except NotApplicable as exc:
        assert "weight of its own" in str(exc)  # noqa: PT017
        return
    for name, values in draft.network.tensors().items():
        if ".one." in name:
            assert torch.equal(values, bench.tensors[name])


def test_the_same_candidate_comes_out_twice() -> None:
    bench = tiny()
    one, two = (draft_of("sparse", bench, sparsity=0.7, method="obc").network for _ in range(2))
    theirs = two.tensors()
    assert all(torch.equal(values, theirs[name]) for name, values in one.tensors().items())
