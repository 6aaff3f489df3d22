from itertools import pairwise

import pytest

from candidates.training_recipe import TrainingRecipe, usual_translation


def test_the_learning_rate_rises_over_a_twentieth_and_falls_as_a_cosine() -> None:
    recipe = TrainingRecipe(learning_rate=0.4)
    rates = [recipe.rate(step, 200) for step in range(200)]
    assert rates[:10] == pytest.approx([0.04 * (step + 1) for step in range(10)])
    assert rates[10] == max(rates) == 0.4
    assert rates[110] == pytest.approx(0.2)
    assert all(left > right for left, right in pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.02


def test_a_run_of_one_step_has_the_whole_learning_rate() -> None:
    assert TrainingRecipe(learning_rate=0.4).rate(0, 1) == 0.4


def test_the_last_smaller_batch_of_an_epoch_is_dropped() -> None:
    recipe = TrainingRecipe(epochs=3, batch_size=16)
    assert recipe.steps(50) == 9
    assert recipe.steps(10) == 3


def test_steps_may_be_given_in_place_of_epochs() -> None:
    assert TrainingRecipe(epochs=3, num_steps=7).steps(1000) == 7


def test_the_papers_schedule_is_that_of_its_appendix() -> None:
    recipe = TrainingRecipe.paper()
    total = recipe.steps(50_000)
    assert (total, recipe.batch_size, recipe.momentum) == (96_000, 128, 0.9)
    assert (recipe.weight_decay, recipe.translation, recipe.flip) == (1e-4, 4, False)
    rates = {step: recipe.rate(step, total) for step in (0, 199, 399, 31_999, 32_000, 64_000)}
    expected = {0: 0.01, 199: 0.055, 399: 0.1, 31_999: 0.1, 32_000: 0.01, 64_000: 0.001}
    assert rates == pytest.approx(expected, rel=0.03)


def test_a_shorter_run_of_the_papers_schedule_is_the_same_in_proportion() -> None:
    whole, short = TrainingRecipe.paper(), TrainingRecipe.paper(960)
    assert short.steps(50_000) == 960
    for step in range(5, 960):
        assert short.rate(step, 960) == pytest.approx(whole.rate(100 * step, 96_000))


def test_boundaries_and_decay_can_be_chosen() -> None:
    recipe = TrainingRecipe(
        learning_rate=1.0, schedule="steps", warm_up=0, boundaries=(0.5, 0.9), decay=0.5
    )
    rates = [recipe.rate(step, 10) for step in range(10)]
    assert rates == [1.0] * 5 + [0.5] * 4 + [0.25]


def test_a_constant_rate_stays_after_its_rise() -> None:
    recipe = TrainingRecipe(learning_rate=0.3, schedule="constant", warm_up=0.2)
    assert [recipe.rate(step, 10) for step in range(10)] == [0.15] + [0.3] * 9


@pytest.mark.parametrize(
    ("sides", "pixels"), [((32, 32), 4), ((16, 28), 2), ((8, 8), 1), ((7, 7), 0), ((224, 160), 4)]
)
def test_images_are_shifted_by_an_eighth_and_never_further_than_in_the_paper(
    sides: tuple[int, int], pixels: int
) -> None:
    assert usual_translation(*sides) == pixels
