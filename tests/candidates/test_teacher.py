"""A teacher's parts, its neighbourhoods made smaller, and what it refuses when it arrives."""

import pytest
import torch
from torch import nn

from candidates.assembly import assemble, with_program
from candidates.errors import InvalidCheckpoint, NonFiniteActivation, UnsplittableTeacher
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.student import build_student
from candidates.teacher import Teacher
from candidates.tensors import checkpoint_of
from tests.candidates.graph.rules.harness import Classifier, conv, pooled, tokens
from tests.candidates.networks import ALL, Dense, Residual, small_teacher

IMAGES = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module", params=ALL.values(), ids=ALL)
def teacher(request: pytest.FixtureRequest) -> Teacher:
    return small_teacher(request.param())


def halved(each: Neighbourhood) -> dict[str, tuple[int, ...]]:
    return {width.name: tuple(range(1, width.size, 2)) for width in each.widths}


def student_of(teacher: Teacher, parts: list[Network]) -> Network:
    files = [with_program(checkpoint_of(part.tensors()), part.program) for part in parts]
    return build_student(assemble(teacher.checkpoint, files, {}, {}))


@torch.no_grad()
def test_root_entering_part_and_head_are_the_teacher(teacher):
    whole = teacher.network(IMAGES)
    for each in teacher.split.neighbourhoods:
        at_cut = teacher.root(each)(IMAGES)
        inputs = teacher.entering(each)(at_cut)
        wanted = teacher.network.values(IMAGES, [each.cut, each.input, each.output])
        assert torch.equal(at_cut, wanted[0])
        assert torch.equal(inputs, wanted[1])
        assert torch.equal(teacher.part(each)(inputs), wanted[2])
        assert torch.equal(teacher.partial(each, teacher.part(each))(at_cut), whole)


@torch.no_grad()
def test_keeping_everything_is_the_teacher_bit_for_bit(teacher):
    whole = teacher.network(IMAGES)
    parts = [teacher.narrowed(each, {}) for each in teacher.split.neighbourhoods]
    for each, part in zip(teacher.split.neighbourhoods, parts, strict=True):
        inputs = teacher.entering(each)(teacher.root(each)(IMAGES))
        assert torch.equal(part(inputs), teacher.part(each)(inputs))
        assert torch.equal(teacher.partial(each, part)(teacher.root(each)(IMAGES)), whole)
    student = student_of(teacher, parts)
    assert torch.equal(student(IMAGES), whole)
    assert list(student.state_dict()) == list(teacher.network.state_dict())


@torch.no_grad()
def test_naming_every_index_of_every_width_is_the_teacher_too(teacher):
    for each in teacher.split.neighbourhoods:
        kept = {width.name: tuple(range(width.size)) for width in each.widths}
        part = teacher.narrowed(each, kept)
        at_cut = teacher.root(each)(IMAGES)
        assert torch.equal(teacher.partial(each, part)(at_cut), teacher.network(IMAGES))


@torch.no_grad()
def test_a_smaller_part_gives_the_same_alone_in_the_teacher_and_in_the_student(teacher):
    for each in teacher.split.neighbourhoods:
        part = teacher.narrowed(each, halved(each))
        at_cut = teacher.root(each)(IMAGES)
        alone = part(teacher.entering(each)(at_cut))
        partial, student = teacher.partial(each, part), student_of(teacher, [part])
        (inside,) = partial.values(at_cut, [each.output])
        (assembled,) = student.values(IMAGES, [each.output])
        assert alone.shape == teacher.part(each)(teacher.entering(each)(at_cut)).shape
        assert torch.equal(inside, alone)
        assert torch.equal(assembled, alone)
        assert torch.equal(partial(at_cut), student(IMAGES))
        assert not torch.equal(student(IMAGES), teacher.network(IMAGES))


@torch.no_grad()
def test_all_parts_at_once_fit_each_other(teacher):
    parts = [teacher.narrowed(each, halved(each)) for each in teacher.split.neighbourhoods]
    student = student_of(teacher, parts)
    assert student(IMAGES).shape == teacher.network(IMAGES).shape
    sizes = [sum(each.numel() for each in net.parameters()) for net in (student, teacher.network)]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("granularity", ["pair", "layer", 2])
@torch.no_grad()
def test_the_teacher_is_whole_at_any_granularity(granularity):
    for network in ALL.values():
        teacher = small_teacher(network(), granularity)
        parts = [teacher.narrowed(each, {}) for each in teacher.split.neighbourhoods]
        assert torch.equal(student_of(teacher, parts)(IMAGES), teacher.network(IMAGES))


def test_smaller_parts_have_tensors_of_their_own_and_parts_share_them():
    teacher = small_teacher(Residual(), "pair")
    each = teacher.split.neighbourhoods[0]
    shared, own = teacher.part(each), teacher.narrowed(each, {})
    assert shared.tensors()["first.one.weight"] is teacher.network.tensors()["first.one.weight"]
    with torch.no_grad():
        own.tensors()["first.one.weight"].zero_()
    assert shared.tensors()["first.one.weight"].any()


def test_smaller_parts_can_be_trained(teacher):
    parts = [teacher.narrowed(each, halved(each)) for each in teacher.split.neighbourhoods]
    student = student_of(teacher, parts).train()
    student(IMAGES).square().sum().backward()
    assert all(parameter.grad is not None for parameter in student.parameters())


def test_its_own_file_gives_the_same_teacher(teacher):
    again = Teacher.load(teacher.checkpoint)
    assert again.split == teacher.split
    assert again.network.program == teacher.network.program
    assert torch.equal(again.network(IMAGES), teacher.network(IMAGES))
    assert again.checkpoint.to_bytes() == teacher.checkpoint.to_bytes()


def test_costs_of_neighbourhoods_and_the_rest_add_up():
    teacher = small_teacher(Dense())
    inside = sum(each.num_parameters for each in teacher.split.neighbourhoods)
    assert teacher.cost.parameters == teacher.fixed_cost.parameters + inside
    assert 0 < teacher.fixed_cost.macs < teacher.cost.macs


def test_a_sound_teacher_passes_its_check(teacher):
    teacher.check()


FIXED = {
    "a number of images": lambda net, x: net.one(x).view(-1, 6, 8, 8)[:2].mean((2, 3)),
    "the first image alone": lambda net, x: pooled(net.one(x))[:1],
    "statistics of the batch": lambda net, x: pooled(
        nn.functional.batch_norm(net.one(x), None, None, training=True)
    ),
    "a mean over the images": lambda net, x: pooled(net.one(x)) - pooled(net.one(x)).mean(0),
    "pairs of images": lambda net, x: pooled(net.one(x)) + pooled(net.one(x)).flip(0),
    "images one behind the other": lambda net, x: torch.cat([pooled(net.one(x))] * 2, 0),
    "everything": lambda net, x: net.one(x).mean((2, 3)).sum(0, keepdim=True),
    "attention between images": lambda net, x: (
        pooled(net.one(x)) @ pooled(net.one(x)).T
    ).softmax(-1) @ pooled(net.one(x)),
    "positions as rows": lambda net, x: tokens(net.one(x)).flatten(0, 1),
    "no rows": lambda net, x: tokens(net.one(x)),
}  # fmt: skip


@pytest.mark.parametrize("body", FIXED.values(), ids=FIXED)
def test_images_that_do_not_stay_apart_are_refused_in_a_sentence(body):
    network = Classifier(
        lambda net, x: body(net, net.zero(x).relu()), zero=conv(3, 6), one=conv(6, 6)
    )
    with pytest.raises(
        UnsplittableTeacher, match=r"one row of logits|other images of its batch|does not run on"
    ):
        small_teacher(network).check()


def test_a_place_in_the_batch_that_is_read_is_refused():
    class Written(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.head = conv(3, 6), conv(6, 6), nn.Linear(6, 4)

        def forward(self, images):
            values = pooled(self.two(self.one(images)))
            return self.head(values + torch.arange(len(images))[:, None])

    with pytest.raises(UnsplittableTeacher, match=r"other images of its batch|does not run on"):
        small_teacher(Written()).check()


def test_a_weight_that_is_not_finite_is_named():
    network = Residual()
    network.second.two.weight.data[0, 0, 0, 0] = float("nan")
    with pytest.raises(InvalidCheckpoint, match=r"'second\.two\.weight' holds NaN or Inf"):
        small_teacher(network).check()


def test_a_module_that_computes_no_number_is_named():
    network = Residual()
    network.first.two.weight.data.fill_(3e38)
    with pytest.raises(NonFiniteActivation, match=r"'first\.two' computes NaN or Inf"):
        small_teacher(network).check()
