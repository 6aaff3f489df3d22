import pytest
from hypothesis import given

from candidates.errors import InfeasibleBudget
from search.problem import Problem
from search.trade_off import curve, trade_off
from tests.search.problems import all_picks, choice, kl, parameters, problem, problems


def pareto(of: Problem) -> list[tuple[int, float]]:
    points = sorted((parameters(of, picks), kl(picks)) for picks in all_picks(of))
    kept: list[tuple[int, float]] = []
    for point in points:
        if not kept or point[1] < kept[-1][1]:
            kept.append(point)
    return kept


@given(problems())
def test_the_curve_is_the_undominated_set_of_all_selections(of: Problem) -> None:
    assert [(point.cost.parameters, point.loss) for point in curve(of)] == pareto(of)


@given(problems())
def test_every_point_names_choices_that_cost_and_lose_what_it_says(of: Problem) -> None:
    by_id = {pick.id: pick for part in of.neighbourhoods for pick in part}
    for point in curve(of):
        picks = tuple(by_id[id] for id in point.choices)
        assert all(pick in part for pick, part in zip(picks, of.neighbourhoods, strict=True))
        assert (parameters(of, picks), kl(picks)) == (point.cost.parameters, point.loss)


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
