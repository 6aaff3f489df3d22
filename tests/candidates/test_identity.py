"""What the identity of a candidate depends on."""

from dataclasses import replace

import pytest

from candidates.materials import Materials
from candidates.recipe import Preprocessing
from tests.candidates.builders import (
    TINY,
    dataset_of,
    library,
    materials_of,
    network_of,
    teacher_from,
    teacher_of,
)
from tests.candidates.tiny_library import made, made_of, materials


def identities(materials: Materials, index: int = 0) -> tuple[str, ...]:
    return tuple(one.identity for one in made_of(materials, index))


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1}, {"steps": 1}, {"ridge": 1e-2}, {"calibration_images": 40},
        {"learning_rate": 1e-2}, {"batch_size": 8}, {"refinement_images": 40},
    ],
    ids=str,
)  # fmt: skip
def test_what_changes_weights_changes_identities(changes: dict[str, float]) -> None:
    other = identities(materials_of(materials().teacher, library(**changes), dataset_of()))
    assert not set(other) & {one.identity for one in made()}


@pytest.mark.parametrize("changes", [{"scoring_images": 20}, {"memory_limit_mb": 64}], ids=str)
def test_what_does_not_change_weights_keeps_identities(changes: dict[str, int]) -> None:
    other = identities(materials_of(materials().teacher, library(**changes), dataset_of()))
    assert other == tuple(one.identity for one in made())


def test_identities_depend_on_the_calibration_images_and_on_no_others() -> None:
    ours, others = dataset_of(), dataset_of(count=40)
    known = tuple(one.identity for one in made())
    teacher = materials().teacher
    held_out = replace(ours, scoring=others.scoring, reporting=others.reporting)
    assert identities(materials_of(teacher, dataset=held_out)) == known
    learnt = replace(ours, calibration=others.calibration)
    assert not set(identities(materials_of(teacher, dataset=learnt))) & set(known)


def test_identities_do_not_depend_on_labels() -> None:
    ours = dataset_of()
    relabelled = replace(ours.calibration, labels=1 - ours.calibration.labels.clamp(max=1))
    dataset = replace(ours, calibration=relabelled)
    known = tuple(one.identity for one in made())
    assert identities(materials_of(materials().teacher, dataset=dataset)) == known


def test_identities_depend_on_the_neighbourhoods_own_weights() -> None:
    other = teacher_of(seed=1)
    assert not set(identities(materials_of(other))) & {one.identity for one in made()}
    assert not {one.identity for one in made(0)} & {one.identity for one in made(3)}


def test_a_teacher_with_the_same_block_and_another_classifier_reuses_its_candidates() -> None:
    network = network_of(TINY)
    network.get_submodule("fc").weight.data += 1
    other = teacher_from(network)
    assert identities(materials_of(other)) == tuple(one.identity for one in made())


def test_identities_depend_on_the_preprocessing_behind_the_activations() -> None:
    changed = TINY.model_copy(update={"preprocessing": Preprocessing(mean=(0.1,), std=(0.5,))})
    other = teacher_from(network_of(TINY), changed)
    assert not set(identities(materials_of(other))) & {one.identity for one in made()}
