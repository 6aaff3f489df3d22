import pytest
import torch

from candidates.cuts import Cuts
from candidates.stream import Stream
from tests.candidates.builders import TINY, images_of, library, teacher_of

TEACHER = teacher_of()
PARTS = TEACHER.split.neighbourhoods


def expected(index: int) -> torch.Tensor:
    stream = Stream(images_of(), TINY.preprocessing, 10**9)
    return torch.cat(list(stream.advanced(TEACHER.root(PARTS[index]))))


@pytest.mark.parametrize("limit", [10**9, 0])
def test_every_cut_has_the_activations_that_the_images_have_there(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts = Cuts(TEACHER, images_of(), library())
    cuts._start.limit_bytes = limit
    for index in (0, 1, 1, 4, 2, 8):
        assert torch.equal(torch.cat(list(cuts.at(PARTS[index]))), expected(index))


def test_the_next_cut_is_computed_from_the_last() -> None:
    cuts = Cuts(TEACHER, images_of(), library())
    first = cuts.at(PARTS[3])
    assert cuts.at(PARTS[3]) is first
    first._kept.zero_()  # type: ignore[union-attr]
    assert not torch.equal(torch.cat(list(cuts.at(PARTS[4]))), expected(4))
