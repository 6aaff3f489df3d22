import pytest
import torch
from torch import Tensor
from torch.nn import functional

from candidates.data import normalised
from candidates.graph.network import Network
from candidates.objective import Objective
from candidates.recipe import LibraryRecipe
from candidates.stream import Stream
from candidates.teacher import Teacher
from tests.candidates.builders import TINY, images_of, library, network_of, teacher_from
from tests.candidates.refining import at_cut, draft, neighbourhood, recipe, teacher


def compared(given: LibraryRecipe, index: int = 5) -> tuple[float, Tensor, Tensor]:
    """The objective of all images, with what the draft is given and what it gives."""
    objective = Objective.of(teacher(), neighbourhood(index), given)
    stream, one = objective.stream(at_cut(index)), draft(index=index).network
    inputs = stream.at(slice(0, len(stream)))
    network = objective.network(one)
    targets = objective.targets(slice(0, len(stream)), inputs)
    loss = objective.loss(objective.values(network, inputs), targets)
    with torch.no_grad():
        return float(loss.detach()), inputs, one(inputs)


def after(index: int, upto: int | None = None) -> Network:
    """The teacher from the output of one neighbourhood to that of another, or to the logits."""
    whole = teacher().network
    last = whole.program.output if upto is None else neighbourhood(upto).output
    return whole.part(neighbourhood(index).output, last)


def test_without_more_it_is_the_error_at_the_neighbourhoods_output() -> None:
    found, inputs, ours = compared(recipe())
    wanted = teacher().part(neighbourhood())(inputs)
    assert found == pytest.approx(float(functional.mse_loss(ours, wanted).detach()), rel=1e-5)


def test_look_ahead_compares_what_the_teacher_makes_of_a_draft_further_on() -> None:
    found, inputs, ours = compared(recipe(look_ahead=(0.5, 2.0)))
    theirs = teacher().part(neighbourhood())(inputs)
    expected = (ours - theirs).square().mean()
    for weight, index in ((0.5, 6), (2.0, 7)):
        ahead = after(5, index)
        expected = expected + weight * (ahead(ours) - ahead(theirs)).square().mean()
    assert found == pytest.approx(float(expected.detach()), rel=1e-5)


def test_the_logits_are_compared_by_divergence() -> None:
    found, inputs, ours = compared(recipe(logit_weight=3))
    theirs = teacher().part(neighbourhood())(inputs)
    rest = after(5)
    left, right = rest(theirs).double().log_softmax(1), rest(ours).double().log_softmax(1)
    divergence = (left.exp() * (left - right)).sum(1).mean()
    expected = (ours - theirs).square().mean() + 3 * divergence
    assert found == pytest.approx(float(expected.detach()), rel=1e-5)


def test_relative_errors_are_shares_of_the_teachers_variance() -> None:
    found, inputs, ours = compared(recipe(loss="relative", look_ahead=(0.5,)))
    theirs = teacher().part(neighbourhood())(inputs)
    ahead = after(5, 6)
    expected = (ours - theirs).square().mean() / theirs.var()
    gap = (ahead(ours) - ahead(theirs)).square().mean() / ahead(theirs).var()
    assert found == pytest.approx(float((expected + 0.5 * gap).detach()), rel=1e-5)


def test_the_last_neighbourhoods_have_fewer_terms() -> None:
    counts = [
        len(Objective.of(teacher(), neighbourhood(index), recipe(look_ahead=(1, 1))).terms)
        for index in (6, 7, 8)
    ]
    assert counts == [3, 2, 1]


def test_a_weight_of_zero_leaves_a_term_out() -> None:
    objective = Objective.of(teacher(), neighbourhood(), recipe(look_ahead=(0, 1)))
    assert [term.name for term in objective.terms] == [
        neighbourhood(5).output, neighbourhood(7).output,
    ]  # fmt: skip


def test_only_the_draft_learns_and_only_a_copy_of_it() -> None:
    one = draft().network
    objective = Objective.of(teacher(), neighbourhood(), recipe(look_ahead=(1,), logit_weight=1))
    network, inputs = objective.network(one), at_cut().at(slice(0, 4))
    objective.loss(
        objective.values(network, inputs), objective.targets(slice(0, 4), inputs)
    ).backward()
    learning = {name for name, values in network.named_parameters() if values.grad is not None}
    assert learning == {name for name, _ in one.named_parameters()}
    everything = [*one.parameters(), *teacher().network.parameters()]
    assert all(values.grad is None for values in everything)


def test_in_train_mode_only_the_drafts_norms_train() -> None:
    before = teacher().network.copied().tensors()
    objective = Objective.of(teacher(), neighbourhood(), recipe(logit_weight=1))
    network = objective.network(draft().network).train()
    objective.values(network, at_cut().at(slice(0, 16)))
    moved = {
        name for name, values in network.tensors().items()
        if "running_mean" in name and (name not in before or values.shape != before[name].shape
                                       or not torch.equal(values, before[name]))
    }  # fmt: skip
    assert moved == {"layer2.2.bn1.running_mean", "layer2.2.bn2.running_mean"}
    for name, values in teacher().network.tensors().items():
        assert torch.equal(values, before[name])


def layered() -> Teacher:
    return teacher_from(network_of(TINY), granularity="layer")


def test_inside_a_block_drafts_start_from_its_cut_and_look_past_its_middle() -> None:
    """What a block's second layer gives is added to what came before: only behind the sum does
    nothing else live.
    """
    single = layered()
    inside = [each for each in single.split.neighbourhoods if each.input != each.cut]
    assert inside
    nb, given = inside[0], library(look_ahead=(1,), logit_weight=1)
    objective = Objective.of(single, nb, given)
    assert objective.source == nb.cut
    assert Objective.of(single, nb, library()).source == nb.input
    images = Stream(images_of(), TINY.preprocessing, 10**9).advanced(single.root(nb))
    inputs = objective.stream(images).at(slice(0, 8))
    same = single.narrowed(nb, {})
    values = objective.values(objective.network(same), inputs)
    for value, target in zip(values, objective.targets(slice(0, 8), inputs), strict=True):
        torch.testing.assert_close(value, target.values)
    assert len(values) == 3


def test_a_students_activations_reach_a_draft_through_the_student() -> None:
    """The draft's layer stands behind another of the same block, which is the student's."""
    single = layered()
    nb = next(each for each in single.split.neighbourhoods if each.input != each.cut)
    student = single.network.copied()
    with torch.no_grad():
        for name, _ in single.entering(nb).named_parameters():
            student.tensors()[name].mul_(1.1)
    entering = student.part(nb.cut, nb.input)
    theirs = Stream(images_of(), TINY.preprocessing, 10**9).advanced(single.root(nb))
    given = library(logit_weight=1)
    objective = Objective.of(single, nb, given, entering, theirs)
    part = student.part(nb.input, nb.output)
    inputs = theirs.at(slice(0, 4))
    ours = objective.values(objective.network(part), inputs)
    torch.testing.assert_close(ours[0], part(entering(inputs)))
    targets = objective.targets(slice(0, 4), inputs)
    torch.testing.assert_close(
        targets[1].values,
        single.network(normalised(theirs.images.images[:4], TINY.preprocessing)),
        rtol=1e-4,
        atol=1e-5,
    )
