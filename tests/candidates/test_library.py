import json
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.library import (
    COURSE_KEY,
    Made,
    candidate_checkpoint,
    load_candidate,
    make_candidates,
)
from candidates.materials import Materials
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from tests.candidates.builders import (
    colour_recipe,
    dataset_of,
    library,
    materials_of,
    teacher_of,
)
from tests.candidates.tiny_library import made, made_of, materials, rebuilt, same, unknown


def test_there_is_a_candidate_for_every_multiplier_ascending() -> None:
    assert [one.candidate.knobs for one in made()] == [
        {"multiplier": 0.25}, {"multiplier": 0.5}, {"multiplier": 1.0},
    ]  # fmt: skip
    assert {one.candidate.neighbourhood for one in made()} == {"layer1.0"}
    assert {one.candidate.kind for one in made()} == {"width"}


def test_the_multiplier_one_is_the_teacher_bit_for_bit_and_loses_nothing() -> None:
    whole = made()[-1]
    teacher = materials().teacher.checkpoint.tensors
    assert whole.candidate.kept == {}
    assert {n: bytes(t.data) for n, t in whole.weights.tensors.items()} == {
        n: bytes(t.data) for n, t in teacher.items() if n.startswith("layer1.0.")
    }
    teacher_program = materials().teacher.part(materials().teacher.split.neighbourhoods[0]).program
    assert rebuilt(whole).program == teacher_program
    score = whole.candidate.score
    assert score.accuracy_drop.value == 0
    assert score.kl.value == pytest.approx(0, abs=1e-9)
    assert score.logit_mse.value == pytest.approx(0, abs=1e-9)
    assert score.accuracy.value == materials().statistics.teacher_accuracy.value


def test_smaller_candidates_cost_less() -> None:
    costs = [one.candidate.cost for one in made()]
    for small, large in pairwise(costs):
        assert small.parameters < large.parameters
        assert small.macs < large.macs
        assert small.bytes < large.bytes


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = made_of(materials_of(teacher_of()))
    for left, right in zip(made(), again, strict=True):
        assert left.identity == right.identity
        assert left.candidate == right.candidate
        assert same(left.weights, right.weights)


def test_refined_candidates_are_the_same_again_too() -> None:
    recipe = library(steps=4)
    left, right = (made_of(materials_of(teacher_of(), recipe)) for _ in range(2))
    assert all(same(a.weights, b.weights) for a, b in zip(left, right, strict=True))


def test_a_candidate_does_not_depend_on_which_others_are_made() -> None:
    alone = made_of(materials_of(teacher_of(), library(multipliers=(0.5,), steps=4)))
    among = made_of(materials_of(teacher_of(), library(multipliers=(0.1, 0.5), steps=4)))
    assert alone[0].identity == among[1].identity
    assert same(alone[0].weights, among[1].weights)


def test_known_candidates_are_scored_and_not_made_again() -> None:
    shelf = {one.identity: (one.weights, one.candidate.kept) for one in made()}
    marked = {identity: (_marked(weights), kept) for identity, (weights, kept) in shelf.items()}
    neighbourhood = materials().teacher.split.neighbourhoods[0]
    again = make_candidates(materials(), neighbourhood, shelf.get, silent).made
    assert [one.candidate for one in again] == [one.candidate for one in made()]
    other = make_candidates(materials(), neighbourhood, marked.get, silent).made
    for one, known in zip(other, marked.values(), strict=True):
        assert same(one.weights, known[0])
    assert other[0].candidate.score != made()[0].candidate.score


def _marked(weights: Checkpoint) -> Checkpoint:
    """Other weights of the same shapes, as no calculation would give them."""
    network = load_candidate(weights)
    for values in network.parameters():
        values.data *= 0.9
    return candidate_checkpoint(network)


def test_of_some_known_candidates_only_the_others_are_made() -> None:
    first = made()[0]
    asked: list[str] = []

    def known(identity: str) -> tuple[Checkpoint, Kept] | None:
        asked.append(identity)
        return (first.weights, first.candidate.kept) if identity == first.identity else None

    neighbourhood = materials().teacher.split.neighbourhoods[0]
    again = make_candidates(materials(), neighbourhood, known, silent).made
    assert asked == [one.identity for one in made()]
    for one, expected in zip(again, made(), strict=True):
        assert same(one.weights, expected.weights)


def distance(materials: Materials, one: Made, index: int) -> float:
    neighbourhood = materials.teacher.split.neighbourhoods[index]
    part, wanted = rebuilt(one), materials.teacher.part(neighbourhood)
    with torch.inference_mode():
        errors = [
            (part(batch) - wanted(batch)).square().mean()
            for batch in materials.calibration(neighbourhood, 48)
        ]
    return float(torch.stack(errors).mean())


@pytest.mark.parametrize("index", [0, 5])
def test_refinement_brings_candidates_nearer_to_their_neighbourhood(index: int) -> None:
    refined = materials_of(materials().teacher, library(steps=60, learning_rate=3e-3))
    for closed, better in zip(made(index)[:2], made_of(refined, index)[:2], strict=True):
        before, after = (distance(materials(), one, index) for one in (closed, better))
        assert after < 0.95 * before


@pytest.mark.parametrize("steps", [0, 40])
def test_statistics_of_norms_are_true_for_the_candidate(steps: int) -> None:
    """In training mode all calibration images at once give nearly what eval mode gives."""
    recipe = library(steps=steps, learning_rate=1e-2)
    part = rebuilt(made_of(materials_of(materials().teacher, recipe))[0])
    neighbourhood = materials().teacher.split.neighbourhoods[0]
    entering = torch.cat(list(materials().calibration(neighbourhood, 48)))
    with torch.no_grad():
        wanted = part.eval()(entering)
        torch.testing.assert_close(part.train()(entering), wanted, rtol=1e-3, atol=1e-3)


def test_candidates_of_a_bottleneck_follow_their_neighbourhood() -> None:
    recipe = library(
        multipliers=(0.5,), steps=1, calibration_images=16, refinement_images=16, scoring_images=16
    )
    large = materials_of(
        teacher_of(colour_recipe("resnet50")), recipe, dataset_of(colour_recipe("resnet50"), 16)
    )
    half, whole = made_of(large, 1)
    assert {name: len(kept) for name, kept in half.candidate.kept.items()} == {
        "layer1.1.conv1": 32, "layer1.1.conv2": 32,
    }  # fmt: skip
    assert half.weights.tensors["layer1.1.conv2.weight"].shape == (32, 32, 3, 3)
    assert half.weights.tensors["layer1.1.conv3.weight"].shape == (256, 32, 1, 1)
    assert 0 < half.candidate.score.logit_mse.value < 10
    assert whole.candidate.score.kl.value == pytest.approx(0, abs=1e-9)


def test_progress_counts_finished_candidates_and_may_stop_the_work() -> None:
    calls: list[tuple[int, int]] = []
    neighbourhood = materials().teacher.split.neighbourhoods[0]
    make_candidates(materials(), neighbourhood, unknown, lambda *call: calls.append(call))
    assert calls[-3:] == [(1, 3), (2, 3), (3, 3)]
    assert set(calls[:-3]) == {(0, 3)}

    class Stopped(Exception):
        pass

    def stop(_done: int, _total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        make_candidates(materials(), neighbourhood, unknown, stop)


def test_a_memory_limit_changes_nothing_but_time() -> None:
    small: LibraryRecipe = library(steps=2, memory_limit_mb=64)
    generous = made_of(materials_of(materials().teacher, library(steps=2)))
    for left, right in zip(
        made_of(materials_of(materials().teacher, small)), generous, strict=True
    ):
        assert same(left.weights, right.weights)


def test_a_library_that_was_stopped_goes_on_where_its_refinement_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = library(steps=6)
    given = replace(materials_of(teacher_of(), recipe), unfinished=tmp_path)
    neighbourhood = given.teacher.split.neighbourhoods[0]
    undisturbed = make_candidates(given, neighbourhood, unknown, silent)
    assert list(tmp_path.iterdir()) == []
    calls = count()

    def stop(done: int, _total: int) -> None:
        if done == len(undisturbed.omitted) and any(tmp_path.glob("*/state")) and next(calls):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_candidates(given, neighbourhood, unknown, stop)
    (state,) = tmp_path.glob("*/state")
    assert Checkpoint.read(state).metadata["step"] == "6"
    monkeypatch.setattr("candidates.distil._Run._step", _no_step)
    again = make_candidates(given, neighbourhood, unknown, silent)
    assert list(tmp_path.iterdir()) == []
    assert [one.weights for one in again.made] == [one.weights for one in undisturbed.made]


def _no_step(_run: object, step: int) -> None:
    pytest.fail(f"Step {step} is taken again.")


HALVED = {
    "steps": 16, "halving": True, "validation_images": 12, "tolerance": 0.5, "learning_rate": 1e-3
}  # fmt: skip


def test_a_candidate_tells_how_it_was_refined_and_so_does_its_file() -> None:
    halved = made_of(replace(materials(), recipe=library(**HALVED)))
    stopped, other = sorted(
        (json.loads(each.weights.metadata[COURSE_KEY]) for each in halved[:-1]),
        key=lambda course: course["steps"],
    )
    assert stopped["steps"] == 8
    assert "no longer falls" in stopped["stopped"]
    assert other == {"steps": 24, "stopped": ""}
    for each in halved[:-1]:
        told = json.loads(each.weights.metadata[COURSE_KEY])
        assert each.candidate.course is not None
        assert each.candidate.course.model_dump() == told
    assert COURSE_KEY not in halved[-1].weights.metadata
    assert COURSE_KEY not in made()[0].weights.metadata


def test_with_halving_a_candidate_is_another_one_among_others() -> None:
    def identities(**changes: Any) -> set[str]:
        recipe = library(multipliers=(0.25,), **changes)
        few = made_of(replace(materials(), recipe=recipe))
        many = made_of(replace(materials(), recipe=library(**changes)))
        return {each.identity for each in few} & {each.identity for each in many}

    assert len(identities()) == 2
    assert not identities(**HALVED)


def test_the_teachers_own_part_loses_exactly_nothing() -> None:
    last = made()[-1].candidate.score
    assert (last.kl.value, last.logit_mse.value, last.accuracy_drop.value) == (0, 0, 0)
