import pytest
import torch

from candidates.bench import Bench
from candidates.errors import NotApplicable
from candidates.kinds.width import WidthMaker
from candidates.masks import FixedMasks
from candidates.matrix import matrices_of
from tests.candidates.builders import teacher_from
from tests.candidates.kinds.drafts import bench_of, draft_of, gap, materials, stands_in
from tests.candidates.small import SMALL


def tiny(index: int = 0) -> Bench:
    return bench_of(materials("width+sparse", calibration_images=128, ridge=1e-6), index)


@pytest.mark.parametrize("method", ["obc", "2:4", "magnitude"])
def test_it_is_as_narrow_and_as_sparse_as_asked_for(method: str) -> None:
    bench = tiny()
    draft = draft_of("width+sparse", bench, multiplier=0.5, sparsity=0.5, method=method)
    stands_in(bench, draft)
    tensors = draft.network.tensors()
    assert len(draft.kept["layer1.0.conv1"]) == 8
    assert tensors["layer1.0.conv1.weight"].shape == (8, 16, 3, 3)
    weights = [tensors[f"layer1.0.conv{number}.weight"] for number in (1, 2)]
    zeros = sum(int((each == 0).sum()) for each in weights)
    assert zeros == sum(each.numel() for each in weights) / 2


@pytest.mark.parametrize("name", sorted(SMALL))
def test_small_networks_have_them(name: str) -> None:
    network, recipe = SMALL[name]()
    given = materials("width+sparse", teacher_from(network, recipe), calibration_images=96)
    for index in range(min(2, len(given.teacher.split.neighbourhoods))):
        bench = bench_of(given, index)
        try:
            draft = draft_of("width+sparse", bench, multiplier=0.5, sparsity=0.5, method="obc")
        except NotApplicable as exc:
            assert "inner width" in str(exc)  # noqa: PT017
            continue
        stands_in(bench, draft)
        assert isinstance(draft.constraint, FixedMasks)


def test_grams_are_of_the_columns_that_are_kept() -> None:
    bench = tiny()
    narrow = WidthMaker(bench).make({"multiplier": 0.5})
    for matrix in matrices_of(bench, narrow.network, narrow.kept):
        call = matrix.anchor.call
        with torch.inference_mode():
            values = [narrow.network.values(batch, [call.source])[0] for batch in bench.calibration]
        rows = call.rows(torch.cat(values)).double()
        mean = rows.mean(1)
        gram = rows.mT @ rows / rows.shape[1] - mean.unsqueeze(2) * mean.unsqueeze(1)
        assert matrix.gram is not None
        assert matrix.mean is not None
        torch.testing.assert_close(matrix.mean, mean, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(matrix.gram, gram, rtol=1e-2, atol=2e-3)


def test_it_loses_more_than_the_narrow_network_and_less_than_by_magnitude() -> None:
    bench = tiny()
    narrow = gap(bench, WidthMaker(bench).make({"multiplier": 0.5}).network)
    ours, plain = (
        gap(
            bench,
            draft_of("width+sparse", bench, multiplier=0.5, sparsity=0.6, method=method).network,
        )
        for method in ("obc", "magnitude")
    )
    assert narrow < ours < plain
