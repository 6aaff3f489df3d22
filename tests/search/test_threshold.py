import pytest

from candidates.errors import InfeasibleBudget, UnsupportedBudget
from search.budget import Budget
from search.settings import SearchSettings
from search.threshold import select
from tests.search.problems import choice, problem

SETTINGS = SearchSettings()

# Per neighbourhood: size, KL, drop. With x = 0.5 the rule takes a5 (10 + 5 parameters) ...
EXAMPLE = problem(
    (
        choice("a10", 10, 0.0, drop=0.0),
        choice("a5", 5, 0.5, drop=0.4),
        choice("a2", 2, 0.9, drop=1.0),
    ),
    (
        choice("b10", 10, 0.0, drop=0.0),
        choice("b6", 6, 0.01, drop=0.7),
        choice("b1", 1, 0.02, drop=3.0),
    ),
)


@pytest.mark.parametrize(
    ("limit", "choices"),
    [
        (20, ("a10", "b10")),  # x = 0
        (15, ("a5", "b10")),  # x = 0.4
        (14, ("a5", "b6")),  # x = 0.7
        (8, ("a2", "b6")),  # x = 1.0
        (7, ("a2", "b1")),  # x = 3.0
    ],
)
def test_the_lowest_threshold_that_fits_decides(limit: int, choices: tuple[str, ...]) -> None:
    assert select(EXAMPLE, Budget(parameters=limit), SETTINGS).selection.choices == choices


def test_a_drop_alone_gives_the_highest_threshold_that_keeps_it() -> None:
    most = EXAMPLE.predictor.drop(0.6).value
    assert select(EXAMPLE, Budget(accuracy_drop=most), SETTINGS).selection.choices == ("a5", "b6")


def test_a_limit_out_of_reach_names_the_smallest_cost() -> None:
    with pytest.raises(InfeasibleBudget) as caught:
        select(EXAMPLE, Budget(parameters=2), SETTINGS)
    assert (caught.value.axis, caught.value.smallest) == ("parameters", 3)


def test_a_threshold_below_some_neighbourhoods_least_drop_is_skipped() -> None:
    of = problem(
        (choice("a2", 2, 0.0, drop=0.0), choice("a1", 1, 0.1, drop=0.5)),
        (choice("b1", 1, 0.1, drop=0.5),),
    )
    assert select(of, Budget(parameters=3), SETTINGS).selection.choices == ("a1", "b1")


def test_limits_that_the_rule_cannot_join_are_refused_with_a_way_out() -> None:
    most = EXAMPLE.predictor.drop(0.5).value
    with pytest.raises(UnsupportedBudget, match="'exact'"):
        select(EXAMPLE, Budget(parameters=14, accuracy_drop=most), SETTINGS)


def test_the_next_threshold_is_the_runner_up() -> None:
    answer = select(EXAMPLE, Budget(parameters=15), SETTINGS)
    assert [each.choices for each in answer.others] == [("a5", "b6")]
