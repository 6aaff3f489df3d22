import pytest
import torch

from candidates.schedule import pace, round_of
from tests.candidates.builders import library


@pytest.mark.parametrize("steps", [1, 2, 3, 50, 333])
def test_one_cycle_is_that_of_torch(steps: int) -> None:
    recipe = library(steps=steps, learning_rate=0.02)
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, total_steps=steps + 1)
    for step in range(steps):
        (group,) = optimiser.param_groups
        assert pace(recipe, step) == pytest.approx((group["lr"], group["betas"][0]))
        optimiser.step()
        schedule.step()


def test_every_round_is_a_cycle_of_its_own() -> None:
    recipe, alone = library(steps=30, rounds=3), library(steps=10)
    assert [pace(recipe, step) for step in range(30)] == [
        pace(alone, step % 10) for step in range(30)
    ]


def test_rounds_share_the_steps_as_evenly_as_they_can() -> None:
    recipe = library(steps=10, rounds=3)
    assert [round_of(recipe, step) for step in (0, 2, 3, 5, 6, 9)] == [
        (0, 3), (0, 3), (3, 6), (3, 6), (6, 10), (6, 10),
    ]  # fmt: skip


def test_there_are_no_more_rounds_than_steps() -> None:
    recipe = library(steps=2, rounds=5)
    assert [round_of(recipe, step) for step in (0, 1)] == [(0, 1), (1, 2)]


def test_a_constant_rate_stays_and_steps_divide_it_by_ten_twice() -> None:
    constant = library(steps=9, schedule="constant", learning_rate=0.1, momentum=0.8)
    assert {pace(constant, step) for step in range(9)} == {(0.1, 0.8)}
    falling = library(steps=9, schedule="step", learning_rate=0.1)
    rates = [pace(falling, step).rate for step in range(9)]
    assert rates == pytest.approx([0.1] * 3 + [0.01] * 3 + [0.001] * 3)
