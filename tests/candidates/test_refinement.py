from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from candidates.assembly import Description, assemble
from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.data import normalised
from candidates.library import make_candidates
from candidates.materials import Materials
from candidates.measure import measure
from candidates.progress import Progress, silent
from candidates.refinement import Refinement
from candidates.refinement_settings import RefinementSettings
from candidates.student import build_student
from tests.candidates.builders import TINY, library, materials_of, randomised, teacher_from


def network() -> nn.Module:
    """Three blocks of two convolutions."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for entering in (1, 8, 8):
        layers += [
            nn.Conv2d(entering, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(),
            nn.Conv2d(12, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
        ]  # fmt: skip
    layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 4)]
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return randomised(nn.Sequential(*layers))


@cache
def materials() -> Materials:
    kinds = {"width": {"multiplier": (0.25,)}, "sparse": {"sparsity": (0.6,)}}
    recipe = library(multipliers=(0.25,), calibration_images=48, refinement_images=64)
    recipe = recipe.model_copy(update={"kinds": type(recipe)(kinds=kinds).kinds})
    return materials_of(teacher_from(network(), TINY, "pair"), recipe, count=96)


@cache
def student(kind: str = "width") -> Checkpoint:
    parts, kept = [], Kept()
    for each in materials().teacher.split.neighbourhoods:
        made = make_candidates(materials(), each, lambda _identity: None, silent).made
        chosen = next(one for one in made if one.candidate.kind == kind)
        parts.append(chosen.weights)
        kept |= chosen.candidate.kept
    return assemble(materials().teacher.checkpoint, parts, kept, {"strategy": "uniform"})


def refinement(unfinished: Path | None = None, **settings: Any) -> Refinement:
    known = materials()
    chosen = RefinementSettings(**{"steps": 30, **settings})
    return Refinement(known.teacher, known.dataset, known.recipe, chosen, unfinished)


def error(file: Checkpoint) -> float:
    """Of the logits, on the calibration images."""
    images = normalised(materials().dataset.calibration.images, TINY.preprocessing)
    with torch.inference_mode():
        wanted = materials().teacher.network(images)
        return float((build_student(file)(images) - wanted).square().mean())


def stopping_at(step: int) -> Progress:
    def stop(done: int, _total: int) -> None:
        if done >= step:
            raise KeyboardInterrupt

    return stop


def test_a_refined_student_is_nearer_to_its_teacher_than_a_refitted_one() -> None:
    known = materials()
    _, refitted = measure(student(), known.teacher, known.dataset, known.recipe, silent)
    refined = refinement(steps=100, passes=2).run(student(), [], silent).checkpoint
    assert error(refined) < error(refitted) < error(student())


def test_the_result_knows_its_parent_and_what_it_learned_from() -> None:
    refined = refinement().run(student(), [], silent).checkpoint
    before, after = Description.of(student()), Description.of(refined)
    assert len(after.provenance["parent"]) == 64
    assert after.provenance["refined_on"] == 64
    assert after.provenance["strategy"] == before.provenance["strategy"]
    assert after.kept == before.kept


def test_the_comparison_is_made_image_by_image_against_the_best_file() -> None:
    reporting = materials().dataset.reporting
    images = normalised(reporting.images, TINY.preprocessing)

    def right(file: Checkpoint) -> Tensor:
        with torch.inference_mode():
            return 100 * (build_student(file)(images).argmax(1) == reporting.labels).double()

    whole = materials().teacher.checkpoint
    found = refinement().run(student(), [whole], silent)
    teachers, after = right(whole), right(found.checkpoint)
    best = max(right(student()), teachers, key=lambda each: float(each.sum()))
    difference = after - best
    assert found.comparison.before.value == pytest.approx(float(best.mean()))
    assert found.comparison.after.value == pytest.approx(float(after.mean()))
    assert found.comparison.gain.value == pytest.approx(float(difference.mean()))
    spread = float(difference.std()) / len(difference) ** 0.5
    assert found.comparison.gain.standard_error == pytest.approx(spread)
    assert found.comparison.teacher.value == pytest.approx(float(teachers.mean()))


def test_progress_counts_the_steps_of_all_parts_and_passes() -> None:
    calls: list[tuple[int, int]] = []
    refinement(steps=5, passes=2).run(student(), [], lambda *call: calls.append(call))
    num_parts = len(materials().teacher.split.neighbourhoods)
    assert {total for _, total in calls} == {5 * 2 * num_parts}
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1][0] == 5 * 2 * num_parts


@pytest.mark.parametrize("stop", [1, 30, 45, 119])
def test_killed_work_goes_on_to_the_same_student(tmp_path: Path, stop: int) -> None:
    work = refinement(tmp_path, passes=2)
    with pytest.raises(KeyboardInterrupt):
        work.run(student(), [], stopping_at(stop))
    assert list(tmp_path.iterdir())
    first: list[int] = []
    again = work.run(student(), [], lambda done, _total: first.append(done))
    assert first[0] == (stop - 1) // 30 * 30
    assert again.checkpoint.to_bytes() == plain().to_bytes()
    assert not list(tmp_path.iterdir())


@cache
def plain() -> Checkpoint:
    """Refined without any interruption."""
    return refinement(passes=2).run(student(), [], silent).checkpoint


def test_work_with_other_settings_keeps_a_state_of_its_own(tmp_path: Path) -> None:
    for steps in (20, 30):
        with pytest.raises(KeyboardInterrupt):
            refinement(tmp_path, steps=steps).run(student(), [], stopping_at(25))
    assert len(list(tmp_path.iterdir())) == 2


def test_zeros_of_sparse_students_stay_and_the_rest_is_solved_for() -> None:
    refined = refinement(steps=0).run(student("sparse"), [], silent).checkpoint
    before, after = (build_student(file).tensors() for file in (student("sparse"), refined))
    moved = 0
    for name, values in before.items():
        if values.dim() > 1:
            assert (after[name][values == 0] == 0).all(), name
            moved += not torch.equal(values, after[name])
    assert moved
    assert error(refined) < error(student("sparse"))


def test_a_student_that_is_its_teacher_stays_as_it_is() -> None:
    file = materials().teacher.checkpoint
    found = refinement().run(file, [], silent)
    assert found.checkpoint.tensors == file.tensors
    assert found.comparison.gain.value == 0
