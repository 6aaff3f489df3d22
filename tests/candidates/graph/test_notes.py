import pytest
from torch import nn

from candidates.graph.notes import notes_on
from candidates.graph.trace import trace
from candidates.sources.exported import program_of
from tests.candidates.exports import exported
from tests.candidates.graph.rules.harness import conv
from tests.candidates.networks import small_teacher

SHAPE = (3, 8, 8)


def with_norms(momentum: float | None, number: int = 1) -> nn.Module:
    norms = [nn.BatchNorm2d(4, momentum=momentum) for _ in range(number)]
    return nn.Sequential(
        conv(3, 4), *norms, nn.ReLU(), conv(4, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 5),
    ).eval()  # fmt: skip


@pytest.mark.parametrize("momentum", [None, 0.0])
def test_norms_whose_statistics_do_not_move_are_named(momentum, tmp_path):
    (note,) = notes_on(trace(with_norms(momentum), SHAPE).program)
    assert "do not move in train mode: '1'. Set" in note
    sent = program_of(exported(with_norms(momentum), tmp_path / "net.pt2"), SHAPE)
    assert notes_on(sent.program) == (note,)
    assert small_teacher(with_norms(momentum), "layer").split.notes == (note,)


def test_of_many_norms_some_are_named():
    (note,) = notes_on(trace(with_norms(None, 5), SHAPE).program)
    assert "'1', '2', '3' and 2 more." in note


def test_nothing_is_noted_about_usual_norms_and_those_without_statistics():
    without = nn.Sequential(nn.BatchNorm2d(3, momentum=None, track_running_stats=False))
    assert notes_on(trace(with_norms(0.1), SHAPE).program) == ()
    assert notes_on(trace(without, SHAPE).program) == ()
