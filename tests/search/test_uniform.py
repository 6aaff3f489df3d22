import pytest

from candidates.errors import InfeasibleBudget
from search.budget import Budget
from search.settings import SearchSettings
from search.uniform import select, uniform_selections
from tests.search.problems import choice, problem

SETTINGS = SearchSettings()
EXAMPLE = problem(
    (choice("a1", 1, 0.5), choice("a2", 2, 0.2), choice("a3", 3, 0.0)),
    (choice("b30", 30, 0.0), choice("b20", 20, 0.2), choice("b10", 10, 0.5)),
)


def test_the_largest_common_multiplier_within_the_limit_is_taken() -> None:
    assert select(EXAMPLE, Budget(parameters=32), SETTINGS).selection.choices == ("a2", "b20")


def test_a_limit_out_of_reach_names_the_smallest_cost() -> None:
    with pytest.raises(InfeasibleBudget) as caught:
        select(EXAMPLE, Budget(parameters=10), SETTINGS)
    assert caught.value.smallest == 11


def test_every_common_multiplier_gives_a_point() -> None:
    assert [point.cost.parameters for point in uniform_selections(EXAMPLE)] == [11, 22, 33]


def test_a_neighbourhood_with_fewer_candidates_is_stretched() -> None:
    of = problem(
        (choice("a1", 1, 0.5), choice("a2", 2, 0.2), choice("a3", 3, 0.0)),
        (choice("b10", 10, 0.5), choice("b30", 30, 0.0)),
    )
    points = [point.choices for point in uniform_selections(of)]
    assert (points[0], points[-1]) == (("a1", "b10"), ("a3", "b30"))
