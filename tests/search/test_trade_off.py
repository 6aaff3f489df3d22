from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.errors import InfeasibleBudget
from search import trade_off as module
from search.problem import Problem
from search.trade_off import curve, trade_off
from tests.search.problems import all_picks, choice, parameters, problem, problems


def pareto(of: Problem) -> list[tuple[int, float]]:
    points = sorted((parameters(of, picks), of.loss(picks)) for picks in all_picks(of))
    kept: list[tuple[int, float]] = []
    for point in points:
        if not kept or point[1] < kept[-1][1]:
            kept.append(point)
    return kept


@given(problems())
def test_the_curve_is_the_undominated_set_of_all_selections(of: Problem) -> None:
    assert [(point.cost.parameters, point.loss) for point in curve(of)] == pareto(of)


@contextmanager
def at_most(number: int) -> Iterator[None]:
    """Curves of more selections are not listed whole."""
    trade_off.cache_clear()
    with patch.object(module, "MOST", number):
        yield
    trade_off.cache_clear()


@given(problems(), st.integers(0, 30))
def test_what_is_best_within_a_limit_is_exact_on_a_curve_too_long_to_list(
    of: Problem, limit: int
) -> None:
    with at_most(1):
        found = trade_off(of, "parameters")
        fitting = [point for point in pareto(of) if point[0] <= limit]
        if fitting:
            picks = found.best_within(limit)
            assert (parameters(of, picks), of.loss(picks)) == fitting[-1]


@given(problems())
def test_of_a_curve_too_long_to_list_some_is_listed(of: Problem) -> None:
    with at_most(1):
        found = [(point.cost.parameters, point.loss) for point in curve(of)]
        assert len(pareto(of)) == 1 or not trade_off(of, "parameters").is_complete
    assert set(found) <= set(pareto(of))
    assert (found[0], found[-1]) == (pareto(of)[0], pareto(of)[-1])


@given(problems())
def test_every_point_names_choices_that_cost_and_lose_what_it_says(of: Problem) -> None:
    by_id = {pick.id: pick for part in of.neighbourhoods for pick in part}
    for point in curve(of):
        picks = tuple(by_id[id] for id in point.choices)
        assert all(pick in part for pick, part in zip(picks, of.neighbourhoods, strict=True))
        assert (parameters(of, picks), of.loss(picks)) == (point.cost.parameters, point.loss)


def test_costs_beyond_the_precision_of_floats_are_told_apart() -> None:
    huge = 2**53
    of = problem((choice("larger", huge + 1, 0.0), choice("smaller", huge, 0.0)))
    assert [point.choices for point in curve(of)] == [("smaller",)]


def test_a_thinned_curve_keeps_both_ends() -> None:
    of = problem(tuple(choice(str(size), size, 10.0 - size) for size in range(1, 9)))
    assert [point.choices for point in curve(of, most=3)] == [("1",), ("5",), ("8",)]


def test_a_single_point_is_asked_of_a_curve_of_one() -> None:
    assert len(curve(problem((choice("only", 1, 0.0),)), most=50)) == 1


def test_a_limit_below_the_smallest_cost_names_it() -> None:
    of = problem((choice("small", 5, 1.0), choice("large", 9, 0.0)), fixed=2)
    with pytest.raises(InfeasibleBudget) as caught:
        trade_off(of, "parameters").best_within(6)
    assert caught.value.smallest == 7
