import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.thinning import evenly

NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=40), st.integers(2, 50))
def test_no_more_than_asked_with_both_ends_in_order(
    points: list[tuple[float, float]], most: int
) -> None:
    costs, values = zip(*points, strict=True)
    found = evenly(costs, values, most)
    assert len(found) <= most
    assert (found[0], found[-1]) == (0, len(points) - 1)
    assert found == sorted(set(found))


def test_points_are_apart_on_the_picture_not_by_number() -> None:
    costs = np.append(np.linspace(0, 1, 900), np.linspace(2, 101, 100))
    found = evenly(costs, np.zeros(1000), 11)
    assert costs[found].round(0).tolist() == [0, 10, 20, 30, 40, 50, 61, 71, 81, 91, 101]


def test_a_steep_part_gets_points_too() -> None:
    costs, values = np.arange(101), np.where(np.arange(101) < 2, [100.0] * 101, 0.0)
    values[:2] = 100.0, 50.0
    assert {0, 1, 2} <= set(evenly(costs, values, 20))


def test_a_short_curve_is_left_whole() -> None:
    assert evenly([1, 2, 3], [3, 2, 1], 3) == [0, 1, 2]
