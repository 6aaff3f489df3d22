import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.errors import InfeasibleBudget, UnsupportedBudget
from search.budget import Budget
from search.exact import select
from search.problem import Problem
from search.settings import SearchSettings
from tests.search.problems import all_picks, choice, drop, kl, parameters, problem, problems

SETTINGS = SearchSettings()


@given(problems(), st.integers(1, 30))
def test_exact_equals_brute_force(of: Problem, limit: int) -> None:
    fitting = [picks for picks in all_picks(of) if parameters(of, picks) <= limit]
    if not fitting:
        with pytest.raises(InfeasibleBudget) as caught:
            select(of, Budget(parameters=limit), SETTINGS)
        assert caught.value.smallest == min(parameters(of, picks) for picks in all_picks(of))
        return
    selection = select(of, Budget(parameters=limit), SETTINGS).selection
    assert selection.loss == min(kl(picks) for picks in fitting)
    assert selection.cost.parameters <= limit


@given(problems(), st.floats(0, 20))
def test_a_drop_alone_gives_the_fewest_parameters_within_it(of: Problem, limit: float) -> None:
    fitting = [picks for picks in all_picks(of) if drop(of, picks) <= limit]
    if not fitting:
        with pytest.raises(InfeasibleBudget) as caught:
            select(of, Budget(accuracy_drop=limit), SETTINGS)
        assert caught.value.smallest == min(drop(of, picks) for picks in all_picks(of))
        return
    selection = select(of, Budget(accuracy_drop=limit), SETTINGS).selection
    assert selection.cost.parameters == min(parameters(of, picks) for picks in fitting)


@given(problems(), st.integers(1, 30), st.floats(0, 20))
def test_a_cost_and_a_drop_are_both_kept_or_the_least_drop_is_named(
    of: Problem, limit: int, most: float
) -> None:
    cheap = [picks for picks in all_picks(of) if parameters(of, picks) <= limit]
    if cheap and min(drop(of, picks) for picks in cheap) <= most:
        choices = select(of, Budget(parameters=limit, accuracy_drop=most), SETTINGS).selection
        assert choices.choices in [
            tuple(pick.id for pick in picks) for picks in cheap if drop(of, picks) <= most
        ]
        return
    with pytest.raises(InfeasibleBudget) as caught:
        select(of, Budget(parameters=limit, accuracy_drop=most), SETTINGS)
    if cheap and caught.value.axis == "accuracy_drop":
        assert caught.value.smallest in (
            min(drop(of, picks) for picks in cheap),
            min(drop(of, picks) for picks in all_picks(of)),
        )


def test_several_costs_are_refused_with_the_strategy_that_takes_them() -> None:
    with pytest.raises(UnsupportedBudget, match="'optuna'"):
        select(problem((choice("only", 1, 0.0),)), Budget(parameters=1, macs=1), SETTINGS)


def test_an_accuracy_drop_out_of_reach_names_the_least_drop() -> None:
    of = problem((choice("a", 1, 0.2, drop=3.0), choice("b", 2, 0.1, drop=1.5)))
    with pytest.raises(InfeasibleBudget, match=r"accuracy_drop ≤ 1: the smallest .* is 1\.5"):
        select(of, Budget(accuracy_drop=1), SETTINGS)
