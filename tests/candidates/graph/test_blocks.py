from torch import nn

from candidates.graph.blocks import MAX_WEIGHTED
from candidates.graph.widths import is_weighted
from tests.candidates.graph.rules.harness import Classifier, conv, pooled
from tests.candidates.networks import Dense, chain, small_teacher


def weighted_inside(teacher):
    program = teacher.network.program
    return [
        sum(map(is_weighted, program.part(each.input, each.output).calls))
        for each in teacher.split.neighbourhoods
    ]


def deep(count: int) -> nn.Module:
    layers = [conv(3 if index == 0 else 4, 4) for index in range(count)]
    return Classifier(lambda net, x: pooled(net.layers(x)), layers=nn.Sequential(*layers))


def test_no_block_has_more_weighted_calls_than_it_may():
    teacher = small_teacher(deep(24))
    assert max(weighted_inside(teacher)) <= MAX_WEIGHTED
    assert len(teacher.split.neighbourhoods) > 4


def test_every_width_of_a_chain_that_can_shrink_almost_does():
    teacher = small_teacher(deep(9))
    assert teacher.split.shrinkable > 0.6


def test_a_block_ends_behind_what_follows_its_weights():
    teacher = small_teacher(chain())
    assert [each.output for each in teacher.split.neighbourhoods] == ["relu_2", "relu_4", "linear"]


def test_a_segment_that_is_too_large_is_entered():
    teacher = small_teacher(Dense())
    assert weighted_inside(teacher) == [2] * 6


def test_blocks_of_a_number_may_be_larger():
    teacher = small_teacher(deep(24), 2)
    assert len(teacher.split.neighbourhoods) == 2
    assert max(weighted_inside(teacher)) > MAX_WEIGHTED
