"""Candidates of every kind of network: what holds for each alone and for students."""

from functools import cache

import pytest
import torch
from torch import Tensor

from candidates.assembly import assemble
from candidates.checkpoint import Checkpoint
from candidates.data import normalised
from candidates.library import (
    Made,
    make_candidates,
)
from candidates.materials import Materials
from candidates.progress import silent
from candidates.score import compare
from candidates.student import build_student
from tests.candidates.builders import (
    library,
    materials_of,
    teacher_from,
)
from tests.candidates.small import SMALL
from tests.candidates.tiny_library import made_of, materials, rebuilt


def small(name: str) -> Materials:
    network, recipe = SMALL[name]()
    settings = library(multipliers=(0.5,), calibration_images=64, scoring_images=48)
    return materials_of(teacher_from(network, recipe), settings, count=64)


@cache
def chosen_of(name: str) -> tuple[Materials, list[list[Made]]]:
    """All candidates of all neighbourhoods of the tiny ResNet or of a small network."""
    known = materials() if name == "resnet" else small(name)
    return known, [made_of(known, each.index) for each in known.teacher.split.neighbourhoods]


def pixels(known: Materials) -> Tensor:
    recipe = known.teacher.recipe
    images = known.dataset.scoring.sample(known.recipe.scoring_images, 0)
    return normalised(images.images, recipe.preprocessing)


KINDS = ["resnet", *SMALL]


@pytest.mark.parametrize("kind", KINDS)
def test_alone_in_the_partial_model_and_in_the_student_a_candidate_computes_the_same(
    kind: str,
) -> None:
    known, library_made = chosen_of(kind)
    teacher, images = known.teacher, pixels(known)
    for neighbourhood, options in zip(teacher.split.neighbourhoods, library_made, strict=True):
        part = rebuilt(options[0])
        file = assemble(teacher.checkpoint, [options[0].weights], options[0].candidate.kept, {})
        student = build_student(Checkpoint.from_bytes(file.to_bytes()))
        with torch.inference_mode():
            at_cut = teacher.root(neighbourhood)(images)
            partial = teacher.partial(neighbourhood, part)(at_cut)
            alone = part(teacher.entering(neighbourhood)(at_cut))
            (inside,) = student.values(images, [neighbourhood.output])
            assert torch.equal(inside, alone)
            assert torch.equal(student(images), partial)


@pytest.mark.parametrize("kind", KINDS)
def test_a_student_of_whole_candidates_is_the_teacher_bit_for_bit(kind: str) -> None:
    known, library_made = chosen_of(kind)
    teacher, images = known.teacher, pixels(known)
    parts = [options[-1] for options in library_made]
    assert all(part.candidate.kept == {} for part in parts)
    file = assemble(teacher.checkpoint, [part.weights for part in parts], {}, {})
    student = build_student(Checkpoint.from_bytes(file.to_bytes()))
    with torch.inference_mode():
        assert torch.equal(student(images), teacher.network(images))


@pytest.mark.parametrize("kind", KINDS)
def test_candidates_of_any_kind_of_network_cost_less_and_lose_little(kind: str) -> None:
    _, library_made = chosen_of(kind)
    for options in library_made:
        half, whole = options[-2].candidate, options[-1].candidate
        if half.kept:
            assert half.cost.parameters < whole.cost.parameters
            assert half.cost.bytes < whole.cost.bytes
        assert whole.score.kl.value == pytest.approx(0, abs=1e-9)
        assert half.score.kl.value >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_is_that_of_the_partial_model_on_the_scoring_images(kind: str) -> None:
    known, library_made = chosen_of(kind)
    teacher, images = known.teacher, pixels(known)
    labels = known.dataset.scoring.sample(known.recipe.scoring_images, 0).labels
    neighbourhood, one = teacher.split.neighbourhoods[0], library_made[0][0]
    with torch.inference_mode():
        at_cut = teacher.root(neighbourhood)(images)
        partial = teacher.partial(neighbourhood, rebuilt(one))(at_cut)
        expected = compare(partial, teacher.network(images), labels)
    assert one.candidate.score.kl.value == pytest.approx(expected.kl.value, abs=1e-6)
    assert one.candidate.score.accuracy == expected.accuracy
    assert one.candidate.score.num_images == len(labels)


@pytest.mark.parametrize("kind", KINDS)
def test_a_known_candidate_is_the_same_as_one_just_made(kind: str) -> None:
    known, library_made = chosen_of(kind)
    shelf = {one.identity: (one.weights, one.candidate.kept) for one in library_made[0]}
    neighbourhood = known.teacher.split.neighbourhoods[0]
    again = make_candidates(known, neighbourhood, shelf.get, silent).made
    assert [one.candidate for one in again] == [one.candidate for one in library_made[0]]
