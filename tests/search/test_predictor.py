from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from candidates.candidate import Estimate
from search.calibration import calibration
from search.predictor import Prediction
from search.problem import MeasuredStudent, Problem
from tests.search import truth

LOSSES = [0.0, 1e-9, 0.001, 0.01, 0.1, 0.3, 1.0, 2.0, 4.0, 10.0, 100.0, 1e6]


@cache
def measured(count: int, seed: int = 0) -> Problem:
    numbers = np.random.default_rng(seed)
    of = truth.library(numbers)
    return of.with_measured(truth.students(of, count, numbers))


@pytest.mark.parametrize("count", [0, 1, 3, 30])
def test_more_loss_never_promises_more(count: int) -> None:
    predictor = measured(count).predictor
    drops = [predictor.drop(loss).value for loss in LOSSES]
    values = [predictor.accuracy(loss).value for loss in LOSSES]
    assert drops[0] == 0
    assert all(first <= second for first, second in pairwise(drops))
    assert all(first >= second for first, second in pairwise(values))


@pytest.mark.parametrize("count", [0, 1, 3, 30])
def test_predictions_and_their_intervals_are_percentages(count: int) -> None:
    for loss in LOSSES:
        told = measured(count).predictor.accuracy(loss)
        assert 0 <= told.low <= told.value <= told.high <= 100
        assert told.standard_error > 0


@pytest.mark.parametrize("count", [0, 1, 3, 30])
@pytest.mark.parametrize("drop", [0.0, 0.5, 3.0, 20.0, 60.0])
def test_a_limit_on_the_drop_is_a_limit_on_the_loss(count: int, drop: float) -> None:
    predictor = measured(count).predictor
    assert predictor.drop(predictor.largest_loss(drop)).value == pytest.approx(drop, abs=1e-9)


def test_a_limit_that_even_chance_keeps_allows_any_loss() -> None:
    assert measured(30).predictor.largest_loss(100.0) == float("inf")


def test_the_same_students_give_the_same_predictor() -> None:
    assert measured(20).predictor == measured(20).predictor


def test_without_students_the_candidates_tell() -> None:
    of = measured(0)
    assert of.predictor == of.cold_start
    told = truth.RATE / truth.MISLED * (truth.TEACHER - truth.CHANCE)
    assert of.predictor.drop(0.01).value == pytest.approx(0.01 * told, rel=0.1)


def test_students_correct_the_cold_start_the_more_the_more_there_are() -> None:
    errors = [np.mean([_error(measured(count, seed)) for seed in range(8)]) for count in (0, 5, 40)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1.5


def test_one_student_moves_the_curve_only_part_of_the_way() -> None:
    of = measured(0)
    picks = tuple(choices[4] for choices in of.neighbourhoods)
    surprise = of.predictor.accuracy(of.loss(picks)).value - 10
    student = MeasuredStudent(
        choices=tuple(pick.id for pick in picks),
        accuracy=Estimate(value=surprise, standard_error=0.5),
    )
    after = of.with_measured((student,))
    moved = after.predictor.accuracy(after.loss(picks)).value
    assert surprise < moved < surprise + 10


def test_students_tell_which_neighbourhoods_weigh_more() -> None:
    """The truth's students lose twice by the last neighbourhood what they lose by the others."""
    weights = measured(60).predictor.weights
    assert weights[-1] > 1.3 * max(weights[:-1])
    assert measured(0).predictor.weights == pytest.approx((1.0,) * 6, abs=0.2)


def test_the_losses_of_choices_sum_up_to_that_of_the_selection() -> None:
    of = measured(20)
    picks = tuple(choices[place] for place, choices in enumerate(of.neighbourhoods))
    losses = [each[place] for place, each in enumerate(of.losses)]
    assert sum(losses) == of.loss(picks)


def test_students_narrow_the_interval() -> None:
    before, after = (measured(count).predictor.accuracy(0.5) for count in (0, 40))
    assert after.high - after.low < before.high - before.low


@pytest.mark.parametrize("count", [5, 15, 40])
def test_nine_of_ten_new_students_lie_inside_the_interval(count: int) -> None:
    """240 students of 12 libraries; few measured ones leave the wide prior its say."""
    inside = [
        told.low <= student.accuracy.value <= told.high
        for seed in range(12)
        for student, told in _new_students(measured(count, seed), 20, seed)
    ]
    assert 0.84 <= np.mean(inside) <= (0.96 if count > 20 else 1.0)


def test_calibration_predicts_every_student_without_itself() -> None:
    of = measured(12)
    shown = calibration(of)
    assert [point.choices for point in shown.points] == [each.choices for each in of.measured]
    assert shown.num_inside == sum(point.inside for point in shown.points)
    place = 7
    others = of.measured[:place] + of.measured[place + 1 :]
    without = of.with_measured(others).predictor
    told = without.accuracy(without.loss(of.observations[place].nats))
    assert shown.points[place].predicted.value == pytest.approx(told.value, abs=0.3)


def test_calibration_holds_for_about_nine_of_ten() -> None:
    shown = [calibration(measured(30, seed)) for seed in range(8)]
    assert 0.85 <= sum(each.num_inside for each in shown) / 240 <= 0.95


def test_calibration_without_students_is_empty() -> None:
    assert calibration(measured(0)).points == ()


def test_a_student_far_from_all_others_lies_outside() -> None:
    of = measured(20)
    accuracy = Estimate(value=20.0, standard_error=0.5)
    odd = MeasuredStudent(choices=of.measured[3].choices, accuracy=accuracy)
    students = (*of.measured[:3], odd, *of.measured[4:])
    assert not calibration(of.with_measured(students)).points[3].inside


def _error(of: Problem) -> float:
    """Points by which 40 further students are foretold wrongly, but for their own scatter."""
    further = of.with_measured(truth.students(of, 40, np.random.default_rng(1)))
    nats = [seen.nats for seen in further.observations]
    told = [of.predictor.accuracy(of.predictor.loss(each)).value for each in nats]
    true = [truth.true_accuracy(truth.true_loss(each)) for each in nats]
    return float(np.abs(np.subtract(told, true)).mean())


def _new_students(
    of: Problem, count: int, seed: int
) -> Iterator[tuple[MeasuredStudent, Prediction]]:
    numbers = np.random.default_rng(1000 + seed)
    fresh = of.with_measured(truth.students(of, count, numbers))
    for student, seen in zip(fresh.measured, fresh.observations, strict=True):
        yield student, of.predictor.accuracy(of.predictor.loss(seen.nats))
