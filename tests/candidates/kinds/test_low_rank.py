import pytest
import torch

from candidates.cost import cost_of
from candidates.errors import NotApplicable
from candidates.teacher import Teacher
from tests.candidates.builders import teacher_from
from tests.candidates.kinds.drafts import bench_of, draft_of, gap, materials, stands_in
from tests.candidates.small import SMALL


@pytest.mark.parametrize("rank", [0.125, 0.25, 0.5])
@pytest.mark.parametrize("name", sorted(SMALL))
def test_small_networks_have_smaller_low_rank_candidates(name: str, rank: float) -> None:
    network, recipe = SMALL[name]()
    given = materials("low_rank", teacher_from(network, recipe), calibration_images=96)
    for index in range(min(2, len(given.teacher.split.neighbourhoods))):
        bench = bench_of(given, index)
        try:
            draft = draft_of("low_rank", bench, rank=rank)
        except NotApplicable as exc:
            assert "fewer weights" in str(exc)  # noqa: PT017
            continue
        stands_in(bench, draft)
        example = bench.calibration.at(slice(0, 1))
        assert cost_of(draft.network, example).parameters < cost_of(bench.part, example).parameters


def test_a_higher_rank_loses_less() -> None:
    given = materials("low_rank", calibration_images=96)
    bench = bench_of(given)
    gaps = [
        gap(bench, draft_of("low_rank", bench, rank=r).network) for r in (0.125, 0.25, 0.5, 0.8)
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < gaps[0] / 2


def test_a_convolution_becomes_two_under_its_path() -> None:
    bench = bench_of(materials("low_rank"))
    network = draft_of("low_rank", bench, rank=0.25).network
    tensors = network.tensors()
    assert tensors["layer1.0.conv1.down.weight"].shape == (4, 16, 3, 3)
    assert tensors["layer1.0.conv1.up.weight"].shape == (16, 4, 1, 1)
    assert "layer1.0.conv1.weight" not in tensors
    assert {call.name for call in bench.part.program.calls} < {
        call.name for call in network.program.calls
    }


def test_it_is_the_best_of_its_rank_for_one_layer() -> None:
    teacher = teacher_from(SMALL["convolutions"]()[0], granularity="layer")
    bench = bench_of(materials("low_rank", teacher, calibration_images=128, ridge=1e-8), 1)
    (call,) = bench.calls.values()
    draft = draft_of("low_rank", bench, rank=0.3)
    value = bench.anchors[call.name].value

    def lost() -> float:
        with torch.inference_mode():
            return sum(
                float((draft.network.values(batch, [value])[0] - wanted).square().sum())
                for batch in bench.calibration
                for wanted in bench.part.values(batch, [value])
            )

    best = lost()
    generator = torch.Generator().manual_seed(0)
    for values in draft.network.tensors().values():
        kept = values.detach().clone()
        for _ in range(3):
            values.data += 0.02 * kept.std() * torch.randn(kept.shape, generator=generator)
            assert lost() > best
            values.data.copy_(kept)


def test_where_no_weights_are_saved_it_says_so() -> None:
    bench = bench_of(materials("low_rank"))
    with pytest.raises(NotApplicable, match="of the full rank"):
        draft_of("low_rank", bench, rank=0.99)


def test_a_low_rank_network_has_low_rank_candidates_again() -> None:
    bench = bench_of(materials("low_rank"))
    first = draft_of("low_rank", bench, rank=0.5).network
    nb, whole = bench.neighbourhood, bench.teacher.network
    program = whole.program.replaced([first.program])
    teacher = Teacher.of(bench.teacher.recipe, program, {**whole.tensors(), **first.tensors()})
    again = bench_of(materials("low_rank", teacher), nb.index)
    stands_in(again, draft_of("low_rank", again, rank=0.25))
