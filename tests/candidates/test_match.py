"""How well images meet the statistics of a teacher."""

import pytest
from torch import nn

from candidates.data import normalised
from candidates.match import Match
from candidates.progress import silent
from candidates.synthetic import synthesise
from tests.candidates.builders import TINY, randomised, teacher_from, teacher_of

TEACHER = teacher_of()


def test_the_loss_is_zero_where_all_statistics_are_met() -> None:
    images = normalised(synthesise(TEACHER, 32, 0, 0, silent), TINY.preprocessing)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten()
    )
    network.append(nn.Linear(64, 3))
    teacher = teacher_from(randomised(network))
    tensors = teacher.network.tensors()
    values = teacher.network.part(teacher.network.program.input, "conv2d")(images).detach()
    tensors["1.running_mean"].copy_(values.mean((0, 2, 3)))
    tensors["1.running_var"].copy_(values.var((0, 2, 3)))
    assert float(Match(teacher.network).loss(images)) == pytest.approx(0, abs=1e-6)
