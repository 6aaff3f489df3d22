import logging
from pathlib import Path

import pytest

from candidates.distil import refine
from candidates.draft import Draft
from candidates.halving import Shares, Standing, verdicts
from candidates.objective import Objective
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.savings import Savings
from tests.candidates.builders import library
from tests.candidates.refining import (
    at_cut,
    draft,
    neighbourhood,
    recipe,
    refined,
    same,
    teacher,
)

HALVING = {"halving": True, "validation_images": 12}


def standing(cost: float, loss: float, before: float = 10.0) -> Standing:
    return Standing((cost,), loss, before)


def test_whoever_is_on_the_curve_and_improves_goes_on() -> None:
    curve = [standing(10, 1.0), standing(20, 0.5), standing(40, 0.2), standing(80, 0.05)]
    assert verdicts(curve, (100,), 0.01) == ["", "", "", ""]


def test_whoever_is_far_above_the_curve_stops() -> None:
    found = verdicts([standing(10, 1.0), standing(25, 0.96), standing(40, 0.2)], (100,), 0.01)
    assert found == ["", "its loss of 0.96 is 60 % above the trade-off curve", ""]
    near = verdicts([standing(10, 1.0), standing(25, 0.7), standing(40, 0.2)], (100,), 0.01)
    assert near == ["", "", ""]


def test_whoever_no_longer_improves_stops_on_the_curve_too() -> None:
    found = verdicts([standing(10, 1.0, before=1.005), standing(40, 0.2)], (100,), 0.01)
    assert found == ["its loss no longer falls (1.005, then 1)", ""]


def test_what_costs_as_much_as_the_teacher_is_judged_by_its_progress_alone() -> None:
    found = verdicts([standing(100, 5.0), standing(100, 5.0, before=5.0)], (100,), 0.01)
    assert found[0] == ""
    assert found[1]


def test_near_on_one_axis_is_near() -> None:
    """Sparse candidates have few weights and save no memory, narrow ones both."""
    narrow = [Standing((40, 40), 0.5), Standing((70, 70), 0.2)]
    sparse = [Standing((30, 100), 0.1), Standing((50, 100), 0.01)]
    assert verdicts([*narrow, *sparse], (100, 100), 0.01) == [""] * 4


def test_at_most_half_stop_the_farthest_first() -> None:
    field = [standing(10, 1.0), *(standing(30 + each, 1.0 + each) for each in range(5))]
    found = verdicts([*field, standing(40, 0.01)], (100,), 0.01)
    assert [bool(reason) for reason in found] == [False, False, False, True, True, True, False]


def test_all_steps_are_shared_by_those_that_go_on() -> None:
    shares, spans = Shares(library(steps=100), 10), []
    for num_open in (10, 5, 2):
        shares.begin(num_open)
        spans.append(shares.span.end - shares.span.first)
    assert spans == [25, 50, 250]
    assert shares.num_taken == 1000
    assert shares.is_last


def test_what_cannot_be_shared_evenly_is_less_than_a_step_each() -> None:
    shares = Shares(library(steps=7), 5)
    for num_open in (5, 3, 3):
        shares.begin(num_open)
    assert 35 - 3 < shares.num_taken <= 35


def test_halving_needs_images_to_compare_on() -> None:
    with pytest.raises(ValueError, match="set it to 256"):
        LibraryRecipe(halving=True, validation_images=0)


def widths() -> list[int]:
    return [2, 8, 16, 31]


def test_near_candidates_get_the_steps_of_those_that_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two drafts of about one width, one of them from weights that were thrown away."""
    given = recipe(steps=40, **HALVING)
    drafts = [draft(24), draft(25), draft(12)]
    for values in drafts[1].network.tensors().values():
        if values.is_floating_point():
            values.data.mul_(3)
    objective = Objective.of(teacher(), neighbourhood(), given)
    with caplog.at_level(logging.INFO):
        courses = refine(drafts, objective, objective.stream(at_cut()), given, silent)
    assert 114 <= sum(course.steps for course in courses) <= 120
    assert courses[1].steps == 10
    assert "above the trade-off curve" in courses[1].stopped
    assert courses[1].stopped in caplog.text
    assert "stopped after 10 steps" in caplog.text
    assert all(not course.stopped for course in (courses[0], courses[2]))
    assert min(courses[0].steps, courses[2].steps) > 40


class Stopped(Exception):
    pass


@pytest.mark.parametrize("step", [2, 4, 5, 11])
def test_an_interrupted_run_continues_to_the_same_weights(step: int, tmp_path: Path) -> None:
    given = recipe(steps=12, tolerance=0.2, **HALVING)
    savings, calls = Savings(tmp_path / "savings", every=2), []

    def stop(_done: int, _total: int) -> None:
        calls.append(1)
        if len(calls) == step:
            raise Stopped

    def drafts() -> list[Draft]:
        return [draft(width) for width in widths()]

    with pytest.raises(Stopped):
        refined(given, drafts(), stop, savings)
    again, expected = refined(given, drafts(), silent, savings), refined(given, drafts())
    for one, other in zip(again, expected, strict=True):
        assert same(one.network.tensors(), other.network.tensors())


def test_progress_never_falls_and_ends_at_the_total() -> None:
    calls: list[tuple[int, int]] = []
    given = recipe(steps=20, **HALVING)
    refined(given, [draft(width) for width in widths()], lambda *call: calls.append(call))
    assert calls == sorted(calls)
    assert calls[-1][1] == 20
