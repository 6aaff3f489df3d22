import pytest

from candidates.errors import ContradictoryBudget, InfeasibleBudget
from search import exact, threshold
from search.budget import Budget
from search.greedy import select
from search.problem import Problem
from search.settings import SearchSettings
from tests.search.problems import choice, problem

SETTINGS = SearchSettings()


def a_problem() -> Problem:
    """Losses rise unevenly over the neighbourhoods, and accuracy drops mislead."""
    return problem(
        *(
            tuple(
                choice(f"{at}.{size}", size, (9 - size) ** 2 * (at + 1) / 100, drop=9 - size,
                       macs=size * (5 - at))
                for size in range(1, 10)
            )
            for at in range(5)
        )
    )  # fmt: skip


@pytest.mark.parametrize("limit", [10, 20, 30, 40])
def test_it_loses_less_than_the_threshold_rule_and_hardly_more_than_needed(limit: int) -> None:
    budget = Budget(parameters=limit)
    loss = select(a_problem(), budget, SETTINGS).selection.loss
    assert loss <= threshold.select(a_problem(), budget, SETTINGS).selection.loss
    assert loss <= 1.1 * exact.select(a_problem(), budget, SETTINGS).selection.loss


def test_all_limits_are_kept_together() -> None:
    slack = select(a_problem(), Budget(parameters=25, macs=70), SETTINGS).slack
    assert min(slack.values()) >= 0


def test_a_drop_alone_asks_for_few_of_what_is_to_be_minimised() -> None:
    of = a_problem()
    budget = Budget(accuracy_drop=of.predictor.drop(1.0).value, minimise="macs")
    best = exact.select(of, budget, SETTINGS).selection.cost.macs
    assert best <= select(of, budget, SETTINGS).selection.cost.macs <= 1.1 * best


def test_a_limit_out_of_reach_names_the_smallest_cost() -> None:
    with pytest.raises(InfeasibleBudget) as caught:
        select(a_problem(), Budget(parameters=4), SETTINGS)
    assert (caught.value.axis, caught.value.smallest) == ("parameters", 5)


def test_limits_that_exclude_each_other_are_told_from_limits_that_the_rule_cannot_join() -> None:
    of = problem((choice("small", 1, 0.0, macs=9), choice("quick", 9, 0.0, macs=1)))
    with pytest.raises(ContradictoryBudget):
        select(of, Budget(parameters=5, macs=5), SETTINGS)
