from functools import cache

import pytest
import torch

from candidates.assembly import Description, assemble, program_of
from candidates.batch_norm import Norm
from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, normalised
from candidates.graph.network import Network
from candidates.library import make_candidates
from candidates.materials import Materials
from candidates.measure import measure
from candidates.progress import silent
from candidates.score import accuracy_of
from candidates.student import build_student
from tests.candidates.builders import TINY, library, materials_of, teacher_from, teacher_of
from tests.candidates.small import SMALL

NUM_IMAGES = 192
"""So many that what is solved on them holds on others."""


@cache
def materials() -> Materials:
    settings = library(multipliers=(0.25,), calibration_images=NUM_IMAGES)
    return materials_of(teacher_of(), settings, count=NUM_IMAGES)


@cache
def student(position: int) -> Checkpoint:
    """A quarter (0) or the whole (1) of every width."""
    return mixed([position])


def mixed(positions: list[int]) -> Checkpoint:
    """A quarter (0) or the whole (1) of each width; the last position goes on to the end."""
    parts, kept = [], Kept()
    neighbourhoods = materials().teacher.split.neighbourhoods
    for index, neighbourhood in enumerate(neighbourhoods):
        position = positions[min(index, len(positions) - 1)]
        made = make_candidates(materials(), neighbourhood, lambda _identity: None, silent).made
        parts.append(made[position].weights)
        kept |= made[position].candidate.kept
    file = materials().teacher.checkpoint
    return assemble(file, parts, kept, {"strategy": "uniform"})


def logits_of(file: Checkpoint) -> torch.Tensor:
    images = normalised(materials().dataset.calibration.images, TINY.preprocessing)
    with torch.inference_mode():
        return build_student(file)(images)


def test_a_student_of_whole_widths_measures_as_its_teacher() -> None:
    parts = materials()
    found, refitted = measure(student(1), parts.teacher, parts.dataset, parts.recipe, silent)
    assert found.assembled == found.teacher == found.refitted
    assert refitted.tensors == student(1).tensors


def test_norms_are_restated_from_the_first_neighbourhood_that_changed() -> None:
    parts = materials()
    file = mixed([1, 1, 1, 1, 0])
    _, refitted = measure(file, parts.teacher, parts.dataset, parts.recipe, silent)
    network, theirs = build_student(refitted), parts.teacher.network.tensors()
    shown = statistics_shown(network)
    for name, values in network.tensors().items():
        if not name.endswith(("running_mean", "running_var")):
            continue
        if name < "layer2.1" or name.startswith("bn1"):
            assert torch.equal(values, theirs[name]), name
        else:
            torch.testing.assert_close(values, shown[name], rtol=1e-3, atol=1e-4)


def statistics_shown(network: Network) -> dict[str, torch.Tensor]:
    """What every BatchNorm of a student reads on the calibration images, by slow sums."""
    images = normalised(materials().dataset.calibration.images, TINY.preprocessing)
    shown = {}
    norms = [norm for norm in map(Norm.of, network.program.calls) if norm is not None]
    with torch.inference_mode():
        for norm in norms:
            (values,) = network.values(images, [norm.source])
            flat = values.transpose(0, 1).flatten(1)
            shown |= {norm.mean: flat.mean(1), norm.variance: flat.var(1, correction=0)}
    return shown


def test_a_refit_brings_a_small_student_nearer_to_its_teacher() -> None:
    parts = materials()
    images = normalised(parts.dataset.calibration.images, TINY.preprocessing)
    with torch.inference_mode():
        wanted = parts.teacher.network(images)
    _, refitted = measure(student(0), parts.teacher, parts.dataset, parts.recipe, silent)
    before, after = ((logits_of(f) - wanted).square().mean() for f in (student(0), refitted))
    assert after < 0.9 * before


def test_a_refit_ends_with_gradient_steps_where_the_library_had_some() -> None:
    parts = materials()
    images = normalised(parts.dataset.calibration.images, TINY.preprocessing)
    with torch.inference_mode():
        wanted = parts.teacher.network(images)
    files = [student(0)]
    for steps in (0, 60):
        recipe = parts.recipe.model_copy(update={"steps": steps})
        files.append(measure(student(0), parts.teacher, parts.dataset, recipe, silent)[1])
    before, solved, stepped = (float((logits_of(f) - wanted).square().mean()) for f in files)
    assert stepped != solved
    assert max(solved, stepped) < 0.9 * before


def test_accuracies_are_those_on_the_reporting_images() -> None:
    parts = materials()
    found, refitted = measure(student(0), parts.teacher, parts.dataset, parts.recipe, silent)
    reporting = parts.dataset.reporting
    images = normalised(reporting.images, TINY.preprocessing)
    with torch.inference_mode():
        assert found.assembled == accuracy_of(build_student(student(0))(images), reporting.labels)
        assert found.refitted == accuracy_of(build_student(refitted)(images), reporting.labels)
        assert found.teacher == accuracy_of(parts.teacher.network(images), reporting.labels)


def test_a_refit_is_solved_on_calibration_images_alone() -> None:
    parts = materials()
    images = parts.dataset
    swapped = Dataset(images.calibration, images.reporting, images.scoring)
    left, right = (
        measure(student(0), parts.teacher, each, parts.recipe, silent)[1]
        for each in (images, swapped)
    )
    assert left.to_bytes() == right.to_bytes()


def test_a_refit_that_leads_away_from_the_teacher_is_discarded() -> None:
    parts = materials()
    few = parts.recipe.model_copy(update={"calibration_images": 2})
    found, refitted = measure(student(0), parts.teacher, parts.dataset, few, silent)
    assert found.refitted == found.assembled
    assert refitted.tensors == student(0).tensors
    assert Description.of(refitted).provenance["refitted_on"] == 0


def test_on_noise_nothing_is_refitted() -> None:
    parts = materials()
    recipe = parts.recipe.model_copy(update={"inputs": "gaussian"})
    found, refitted = measure(student(0), parts.teacher, parts.dataset, recipe, silent)
    assert found.refitted == found.assembled
    assert refitted.tensors == student(0).tensors
    assert Description.of(refitted).provenance["refitted_on"] == 0


def test_a_refitted_student_is_described_as_such() -> None:
    parts = materials()
    _, refitted = measure(student(0), parts.teacher, parts.dataset, parts.recipe, silent)
    before, after = Description.of(student(0)), Description.of(refitted)
    assert after.provenance == {"strategy": "uniform", "refitted_on": NUM_IMAGES}
    assert after.kept == before.kept
    assert program_of(refitted) == program_of(student(0))


def test_the_given_student_and_the_teacher_are_not_changed() -> None:
    parts = materials()
    before = {name: values.clone() for name, values in parts.teacher.network.tensors().items()}
    bytes_before = student(0).to_bytes()
    measure(student(0), parts.teacher, parts.dataset, parts.recipe, silent)
    assert student(0).to_bytes() == bytes_before
    for name, values in parts.teacher.network.tensors().items():
        assert torch.equal(values, before[name])


def test_norms_of_the_refitted_student_hold_true_statistics() -> None:
    parts = materials()
    _, refitted = measure(student(0), parts.teacher, parts.dataset, parts.recipe, silent)
    whole, cut = build_student(refitted), parts.teacher.split.neighbourhoods[0].cut
    images = normalised(parts.dataset.calibration.images, TINY.preprocessing)
    network = whole.part(cut, whole.program.output)
    with torch.no_grad():
        images = whole.part(whole.program.input, cut)(images)
        wanted = network(images)
        torch.testing.assert_close(network.train()(images), wanted, rtol=1e-2, atol=1e-2)


def test_progress_counts_neighbourhoods_and_may_stop_the_work() -> None:
    parts = materials()
    calls: list[tuple[int, int]] = []
    measure(student(0), parts.teacher, parts.dataset, parts.recipe, lambda *c: calls.append(c))
    assert calls == [(number, 9) for number in range(1, 10)]

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(student(0), parts.teacher, parts.dataset, parts.recipe, stop)


@pytest.mark.parametrize("name", SMALL)
def test_students_of_any_kind_of_network_are_refitted(name: str) -> None:
    network, recipe = SMALL[name]()
    settings = library(multipliers=(0.5,), calibration_images=128, scoring_images=16)
    known = materials_of(teacher_from(network, recipe), settings, count=128)
    teacher = known.teacher
    made = [
        make_candidates(known, each, lambda _identity: None, silent).made[0]
        for each in teacher.split.neighbourhoods
    ]
    kept = {name: indices for one in made for name, indices in one.candidate.kept.items()}
    file = assemble(teacher.checkpoint, [one.weights for one in made], kept, {})
    _, refitted = measure(file, teacher, known.dataset, known.recipe, silent)
    images = normalised(known.dataset.calibration.images, recipe.preprocessing)
    with torch.inference_mode():
        wanted = teacher.network(images)
        before, after = (
            float((build_student(each)(images) - wanted).square().mean())
            for each in (file, refitted)
        )
    assert after <= before * 1.02
