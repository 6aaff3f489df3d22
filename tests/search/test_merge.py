from itertools import product

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from search.merge import Merged, Merger
from search.relaxation import Curve

Choices = list[tuple[float, float]]
ANY_LIMIT = st.floats(-0.1, 1.1)


def parts(costs: st.SearchStrategy[float]) -> st.SearchStrategy[list[Choices]]:
    """Up to five neighbourhoods; the losses are often near a convex curve, or tie, or are 0."""
    losses = st.one_of(st.sampled_from([0.0, 0.1, 0.2, 0.3]), st.floats(0, 10))
    choice = st.one_of(
        st.tuples(costs, losses),
        st.builds(lambda cost, noise: (cost, 10 / (1 + cost) + noise), costs, st.floats(0, 0.01)),
    )
    return st.lists(st.lists(choice, min_size=1, max_size=6), min_size=1, max_size=5)


INTEGERS = parts(st.one_of(st.integers(0, 9), st.integers(0, 2**53)))
LATENCIES = parts(st.floats(1e-6, 5))


def curves(of: list[Choices]) -> list[Curve]:
    return [
        (np.asarray([c for c, _ in part]), np.asarray([loss for _, loss in part])) for part in of
    ]


def brute(of: list[Choices]) -> list[tuple[float, float]]:
    """The undominated sums of all selections, added in the order of the neighbourhoods."""
    sums = sorted((sum(c for c, _ in each), sum(loss for _, loss in each)) for each in product(*of))
    kept: list[tuple[float, float]] = []
    for point in sums:
        if not kept or point[1] < kept[-1][1]:
            kept.append(point)
    return kept


def listed(merged: Merged | None) -> list[tuple[float, float]]:
    assert merged is not None
    return list(zip(merged.costs.tolist(), merged.losses.tolist(), strict=True))


@given(INTEGERS)
def test_the_whole_is_the_undominated_set_of_all_sums(of: list[Choices]) -> None:
    assert listed(Merger.of(curves(of)).whole(10_000)) == brute(of)


@given(LATENCIES)
def test_costs_may_be_latencies(of: list[Choices]) -> None:
    assert listed(Merger.of(curves(of)).whole(10_000)) == brute(of)


@given(st.one_of(INTEGERS, LATENCIES), ANY_LIMIT)
def test_near_a_cost_there_is_the_state_of_least_loss(of: list[Choices], share: float) -> None:
    all_states = brute(of)
    lowest, highest = all_states[0][0], all_states[-1][0]
    limits = [
        lowest + share * (highest - lowest),
        lowest,
        highest,
        all_states[len(all_states) // 2][0],
    ]
    for limit in limits:
        fitting = [
            state for state in listed(Merger.of(curves(of)).near_cost(limit)) if state[0] <= limit
        ]
        assert fitting[-1:] == [state for state in all_states if state[0] <= limit][-1:]


NEARLY_A_CORNER: list[Choices] = [
    [(0, 3.0), (3, 2.5), (5, 0.1)],
    [(1, 5.0), (3, 2.5), (1180, 0.01)],
]


@given(INTEGERS)
@example(NEARLY_A_CORNER)
def test_the_corners_are_undominated_and_have_both_ends(of: list[Choices]) -> None:
    all_states = brute(of)
    corners = listed(Merger.of(curves(of)).corners())
    assert set(corners) <= set(all_states)
    assert (corners[0], corners[-1]) == (all_states[0], all_states[-1])


@given(INTEGERS)
def test_every_state_remembers_choices_that_come_to_it(of: list[Choices]) -> None:
    merged = Merger.of(curves(of)).whole(10_000)
    assert merged is not None
    for state, wanted in enumerate(listed(merged)):
        at, taken = state, []
        for choices, (parents, indices) in zip(reversed(of), reversed(merged.back), strict=True):
            taken.append(choices[indices[at]])
            at = parents[at]
        chosen = list(reversed(taken))
        assert (sum(c for c, _ in chosen), sum(loss for _, loss in chosen)) == wanted


def test_more_states_than_allowed_are_not_listed() -> None:
    of = [[(0, 1.0), (2**place, 1 - 2.0**place / 64)] for place in range(6)]
    merger = Merger.of(curves(of))
    assert merger.whole(63) is None
    assert len(listed(merger.whole(64))) == 64
