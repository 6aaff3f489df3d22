import math
from itertools import pairwise

import pytest
import torch

from candidates.history import History


def history_of(losses: list[float], total: int = 0) -> History:
    history = History(total or len(losses))
    history.losses[: len(losses)] = torch.tensor(losses)
    return history


def test_a_short_history_has_a_point_for_every_step() -> None:
    history = history_of([3.0, 2.0, 1.0], total=8)
    history.accuracies[1] = 60.0
    points = history.points()
    assert [(p.step, p.loss, p.accuracy) for p in points] == [
        (1, 3.0, None), (2, 2.0, 60.0), (3, 1.0, None),
    ]  # fmt: skip


def test_a_long_history_has_at_most_a_hundred_points_that_cover_every_step() -> None:
    history = history_of([float(step) for step in range(1050)])
    points = history.points()
    assert len(points) <= 100
    assert points[-1].step == 1050
    weights = [end - start for start, end in pairwise([0, *(point.step for point in points)])]
    assert sum(w * p.loss for w, p in zip(weights, points, strict=True)) == sum(range(1050))


def test_a_point_tells_the_last_accuracy_since_the_one_before() -> None:
    history = history_of([1.0] * 200)
    history.accuracies[10], history.accuracies[11] = 50.0, 55.0
    assert {p.step: p.accuracy for p in history.points() if p.accuracy} == {12: 55.0}


def test_nothing_finished_is_no_point() -> None:
    assert History(5).points() == []


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_the_first_loss_that_is_not_finite_is_named(wrong: float) -> None:
    with pytest.raises(FloatingPointError, match=f"The loss is {wrong} at step 1; lower"):
        history_of([1.0, wrong, wrong]).check(3)
    history_of([1.0, wrong]).check(1)


def test_it_is_saved_and_restored_like_a_network() -> None:
    history, again = history_of([1.0, 2.0], total=4), History(4)
    again.load_state_dict(history.state_dict())
    assert again.points() == history.points()
