from collections.abc import Sequence
from itertools import islice, product

import pytest

from candidates.candidate import Estimate, Score
from candidates.errors import InfeasibleBudget, UnsupportedBudget
from search import exact
from search.budget import Budget
from search.measured_search import measured_trials
from search.measured_trial import MeasuredTrial, best_of
from search.problem import Choice, Problem
from search.settings import Sampler, SearchSettings
from tests.search.problems import choice, problem

BUDGET = Budget(parameters=20)
SETTINGS = SearchSettings(trials=24)


def a_problem() -> Problem:
    return problem(
        *(
            tuple(
                choice(f"{at}.{size}", size, (10 - size) * (at + 1) / 100) for size in range(1, 11)
            )
            for at in range(4)
        ),
        fixed=1,
    )


class Truth:
    """Another order than the predicted one: only the first neighbourhood matters really."""

    def __init__(self) -> None:
        self.measured: list[tuple[str, ...]] = []

    def __call__(self, picks: Sequence[Choice]) -> Score:
        self.measured.append(tuple(pick.id for pick in picks))
        drop = 10.0 - picks[0].cost.parameters
        loss = Estimate(value=drop, standard_error=0.1)
        accuracy = Estimate(value=90 - drop, standard_error=0.1)
        scored = picks[0].score.model_copy(update={"accuracy": accuracy, "accuracy_drop": loss})
        return Score.model_validate(scored.model_dump())


def trials(truth: Truth, settings: SearchSettings = SETTINGS) -> list[MeasuredTrial]:
    return list(measured_trials(a_problem(), BUDGET, settings, truth))


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_every_student_keeps_the_limits_and_is_measured_once(sampler: Sampler) -> None:
    truth = Truth()
    found = trials(truth, SETTINGS.model_copy(update={"sampler": sampler}))
    assert [each.choices for each in found] == truth.measured
    assert len(set(truth.measured)) == len(truth.measured) == 24
    for choices in truth.measured:
        assert 1 + sum(int(id.split(".")[1]) for id in choices) <= 20


def test_the_first_is_what_the_exact_strategy_finds_best() -> None:
    expected = exact.select(a_problem(), BUDGET, SETTINGS).selection
    first = next(measured_trials(a_problem(), BUDGET, SETTINGS, Truth()))
    assert (first.choices, first.loss) == (expected.choices, pytest.approx(expected.loss))


def test_what_is_measured_decides_and_not_what_was_predicted() -> None:
    found = trials(Truth())
    assert best_of(found).score.accuracy.value > found[0].score.accuracy.value


def test_the_same_seed_gives_the_same_trials() -> None:
    assert trials(Truth()) == trials(Truth())


def test_it_can_be_left_at_any_trial() -> None:
    truth = Truth()
    some = list(islice(measured_trials(a_problem(), BUDGET, SETTINGS, truth), 5))
    assert some == trials(Truth())[:5]
    assert len(truth.measured) == 5


def test_an_objective_that_remembers_goes_on_where_it_was_left() -> None:
    whole = trials(Truth())
    known = {each.choices: each.score for each in whole[:9]}
    truth = Truth()

    def remembering(picks: Sequence[Choice]) -> Score:
        return known.get(tuple(pick.id for pick in picks)) or truth(picks)

    assert list(measured_trials(a_problem(), BUDGET, SETTINGS, remembering)) == whole
    assert truth.measured == [each.choices for each in whole[9:]]


def test_where_there_are_fewer_students_than_trials_it_ends_with_all_of_them() -> None:
    few = problem((choice("a", 1, 0.5), choice("b", 2, 0.0)), (choice("c", 1, 0.1),), fixed=1)
    found = list(measured_trials(few, BUDGET, SETTINGS, Truth()))
    expected = set(product(["a", "b"], ["c"]))
    assert {each.choices for each in found} == expected


def test_of_equally_accurate_ones_the_one_of_least_divergence_is_best() -> None:
    first, *_ = found = trials(Truth())
    nearer = first.score.model_copy(update={"kl": Estimate(value=-1, standard_error=0)})
    twin = first.model_copy(update={"score": nearer})
    assert best_of([first, twin]) is twin
    assert best_of(found).score.accuracy.value == max(t.score.accuracy.value for t in found)


def test_a_budget_that_nothing_keeps_is_refused() -> None:
    with pytest.raises(InfeasibleBudget):
        list(measured_trials(a_problem(), Budget(parameters=4), SETTINGS, Truth()))


def test_a_limit_on_the_predicted_drop_is_refused() -> None:
    with pytest.raises(UnsupportedBudget, match="Leave accuracy_drop out"):
        list(measured_trials(a_problem(), Budget(accuracy_drop=1), SETTINGS, Truth()))
