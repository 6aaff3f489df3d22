import pytest
import torch
from torch import nn

from candidates.errors import InvalidRecipe, UnsplittableTeacher
from candidates.graph.neighbourhood import Split
from candidates.graph.program import Program
from candidates.teacher import Teacher
from tests.candidates.builders import TINY, teacher_of
from tests.candidates.graph.rules.harness import Classifier, conv, pooled
from tests.candidates.networks import ALL, Dense, Residual, branches, chain, small_teacher, turned

CIFAR = [f"layer{stage}.{block}" for stage in (1, 2, 3) for block in (0, 1, 2)]


@pytest.fixture(scope="module")
def cifar() -> Teacher:
    return teacher_of(TINY)


def names(split: Split) -> list[str]:
    return [each.name for each in split.neighbourhoods]


def widths(split: Split) -> list[list[int]]:
    return [[width.size for width in each.widths] for each in split.neighbourhoods]


def calls_inside(program: Program, split: Split) -> list[set[str]]:
    parts = [program.part(each.input, each.output) for each in split.neighbourhoods]
    moving = {call.name for call in program.calls if call.values()}
    return [{call.name for call in part.calls} & moving for part in parts]


def test_a_residual_network_gives_its_blocks(cifar):
    assert names(cifar.split) == CIFAR
    assert widths(cifar.split) == [[16]] * 3 + [[32]] * 3 + [[64]] * 3
    assert all(each.cut == each.input for each in cifar.split.neighbourhoods)
    first = cifar.split.neighbourhoods[0]
    assert first.widths[0].name == "layer1.0.conv1"
    assert first.modules == tuple(f"layer1.0.{name}" for name in ("conv1", "bn1", "conv2", "bn2"))
    assert first.num_parameters == 2 * 16 * 16 * 9 + 4 * 16


def test_shares_are_those_counted_by_hand():
    split = small_teacher(Residual(), "pair").split
    block, stem, head = 2 * 6 * 8 * 9, 3 * 8 * 9 + 8, 8 * 4 + 4
    assert names(split) == ["first", "second"]
    assert split.coverage == pytest.approx(2 * block / (2 * block + stem + head))
    assert split.shrinkable == split.coverage
    assert {each.module: each.num_parameters for each in split.left_out} == {
        "stem": stem, "head": head,
    }  # fmt: skip


class Repeated(Residual):
    """Its first block runs twice."""

    def forward(self, images):
        values = self.first(self.first(self.stem(images).relu()))
        return self.head(pooled(self.second(values)))


def test_a_parameter_that_several_neighbourhoods_read_counts_once():
    split = small_teacher(Repeated(), "layer").split
    total = sum(each.numel() for each in Residual().parameters())
    assert sum(each.num_parameters for each in split.neighbourhoods) > total
    assert split.coverage == 1


def test_what_a_block_may_not_shrink_is_counted_and_explained(cifar):
    outside = {each.module: each for each in cifar.split.left_out}
    assert outside["layer2.1.bn2"].num_parameters == 64
    assert outside["layer2.1.bn2"].reason == "Its width reaches beyond its neighbourhood."
    assert "It lies in no neighbourhood" in outside["conv1"].reason
    total = sum(each.numel() for each in cifar.network.parameters())
    missing = sum(each.num_parameters for each in cifar.split.left_out)
    assert cifar.split.shrinkable == pytest.approx(1 - missing / total)


def test_a_fixed_shape_is_explained_by_what_fixed_it():
    net = Classifier(
        lambda net, x: pooled(net.two(net.one(x)).sort(1)[0]), one=conv(3, 6), two=conv(6, 5)
    )
    split = small_teacher(net).split
    assert split.unknown_operators == {"sort.default": 1}
    (two,) = [each for each in split.left_out if each.module == "two"]
    assert "'sort.default' reads it" in two.reason


def test_a_plain_chain_gives_blocks_that_shrink_almost_everywhere():
    split = small_teacher(chain()).split
    assert widths(split) == [[4, 5], [7], [9]]
    assert split.coverage == 1
    assert split.shrinkable > 0.95


def test_a_plain_chain_gives_pairs():
    split = small_teacher(chain(), "pair").split
    assert widths(split) == [[4], [6], [8]]
    assert names(split)[0] == "features.0…features.3"


def test_every_layer_is_a_neighbourhood_of_its_own():
    split = small_teacher(chain(), "layer").split
    assert names(split) == [*(f"features.{3 * index}" for index in range(6)), "head"]
    assert split.coverage == 1
    assert split.shrinkable == 0


@pytest.mark.parametrize("count", [1, 2, 3])
def test_as_many_neighbourhoods_as_were_asked_for(count):
    split = small_teacher(chain(), count).split
    assert len(split.neighbourhoods) == count


def test_a_number_beyond_all_widths_gives_as_many_as_there_can_be():
    assert len(small_teacher(Residual(), 50).split.neighbourhoods) == 2


def test_one_neighbourhood_may_hold_nearly_everything():
    split = small_teacher(chain(), 1).split
    assert widths(split) == [[4, 5, 6, 7, 8, 9]]
    assert split.left_out[-1].module == "head"


def test_listed_modules_are_the_neighbourhoods_in_the_order_of_the_network():
    split = small_teacher(Residual(), ("second", "first")).split
    assert names(split) == ["first", "second"]
    assert [each.index for each in split.neighbourhoods] == [0, 1]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (("first", "third"), "names 'third', which is no module that is run"),
        (("firs",), "names 'firs', which is no module that is run"),
        (("first", "first"), "names 'first', part of which lies in another module"),
        (("first", "first.one"), r"names 'first\.one', part of which lies in another"),
    ],
)
def test_a_wrong_list_is_refused_by_name(paths, message):
    with pytest.raises(InvalidRecipe, match=message):
        small_teacher(Residual(), paths)


class Fork(Residual):
    """Its first block's inside is read from outside."""

    def forward(self, images):
        values = self.stem(images)
        inner = self.first.one(values)
        return self.head(pooled(self.first.two(inner.relu()))) + inner.mean((1, 2, 3))[:, None]


def test_a_listed_module_with_several_outputs_is_refused():
    with pytest.raises(InvalidRecipe, match="names 'first', which has more than one"):
        small_teacher(Fork(), ("first",))


def test_listed_modules_without_an_inner_width_are_refused():
    with pytest.raises(UnsplittableTeacher, match="no inner width"):
        small_teacher(chain(), ("features.3",))


def test_dense_layers_fall_into_regions_that_begin_behind_their_cut():
    teacher = small_teacher(Dense())
    assert names(teacher.split) == [f"narrow.{index}…wide.{index}" for index in range(6)]
    assert all(each.cut != each.input for each in teacher.split.neighbourhoods)
    assert len({each.cut for each in teacher.split.neighbourhoods}) == 1


def test_parallel_branches_are_one_block_and_several_pairs():
    assert widths(small_teacher(branches()).split) == [[4, 5, 6, 5, 5]]
    assert names(small_teacher(branches(), "pair").split) == ["a…b", "c…d"]


@pytest.mark.parametrize("granularity", ["block", "pair", "layer", 2])
@pytest.mark.parametrize("network", ALL.values(), ids=ALL)
def test_neighbourhoods_share_no_call_and_have_names_of_their_own(network, granularity):
    teacher = small_teacher(network(), granularity)
    inside = calls_inside(teacher.network.program, teacher.split)
    assert sum(map(len, inside)) == len(set().union(*inside))
    assert len(set(names(teacher.split))) == len(inside)
    order = teacher.network.program.names()
    ends = [order.index(each.output) for each in teacher.split.neighbourhoods]
    assert ends == sorted(ends)
    assert 0 <= teacher.split.shrinkable <= teacher.split.coverage <= 1
    assert all(width.size > 1 for each in teacher.split.neighbourhoods for width in each.widths)


@pytest.mark.parametrize("granularity", ["block", "pair", "layer"])
def test_ends_of_a_neighbourhood_are_batches_of_images(granularity):
    teacher = small_teacher(turned(), granularity)
    for each in teacher.split.neighbourhoods:
        assert teacher.layout.axes.value(each.output)[0] is teacher.layout.axes.batch


def test_a_teacher_without_inner_widths_says_why():
    net = Classifier(lambda net, x: pooled(net.one(x)).sort(1)[0], one=conv(3, 6))
    with pytest.raises(UnsplittableTeacher, match=r"not understood: sort\.default"):
        small_teacher(net)


def test_a_network_that_looks_at_no_image_is_refused():
    class Blind(nn.Module):
        def __init__(self):
            super().__init__()
            self.logits = nn.Parameter(torch.ones(1, 4))

        def forward(self, images):
            return self.logits.expand(len(images), 4)

    with pytest.raises(UnsplittableTeacher, match="does not depend on its images"):
        small_teacher(Blind())


def test_channels_are_told_beside_the_groups_that_they_shrink_in() -> None:
    net = Classifier(
        lambda net, x: pooled(net.up(net.grouped(net.first(x)).relu())),
        first=conv(3, 12), grouped=conv(12, 48, groups=4), up=conv(48, 8),
    )  # fmt: skip
    (region,) = small_teacher(net, 1).split.neighbourhoods
    told = {each.name: (each.size, each.channels) for each in region.widths}
    assert told == {"first": (3, 12), "grouped": (12, 48), "up": (8, 8)}


def test_of_a_module_that_shrinks_in_part_the_rest_is_named() -> None:
    split = small_teacher(Residual(), "pair").split
    assert all(each.parameters == () for each in split.left_out)
    net = Classifier(
        lambda net, x: pooled(net.second(net.first(x).relu())),
        first=conv(3, 6), second=nn.Conv2d(6, 4, 3, bias=True),
    )  # fmt: skip
    left = {each.module: each for each in small_teacher(net, "pair").split.left_out}
    assert (left["second"].parameters, left["second"].num_parameters) == (("second.bias",), 4)
