"""The strategies against all selections, on 1 000 random cases."""

import pytest

from candidates.errors import ContradictoryBudget, InfeasibleBudget, UnsupportedBudget
from search.selection import Answer, Selection
from search.settings import SearchSettings
from search.strategies import StrategyName, select
from tests.search.random_cases import Picks, RandomCase, random_case

NUM_BATCHES, BATCH = 20, 50
RULES: tuple[StrategyName, ...] = ("greedy", "threshold", "uniform")


@pytest.mark.parametrize("batch", range(NUM_BATCHES))
def test_what_is_claimed_to_be_best_is_the_best_of_all(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        case = random_case(seed)
        fitting = case.fitting()
        if not fitting:
            with pytest.raises((InfeasibleBudget, ContradictoryBudget)) as caught:
                _answer(case, "exact")
            _check_distances(case, caught.value)
            continue
        answer = _answer(case, "exact")
        assert (answer.status, answer.gap) == ("optimal", 0), seed
        told = [answer.selection, *answer.others]
        best = [case.value(picks) for picks in fitting[: case.top]]
        assert [_value(case, each) for each in told] == pytest.approx(best, rel=1e-12), seed
        assert len({each.choices for each in told}) == len(told), seed
        _check_kept(case, answer)


@pytest.mark.parametrize("batch", range(4))
def test_what_is_not_claimed_to_be_best_keeps_the_limits_and_is_no_better(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        case = random_case(seed)
        fitting = case.fitting()
        for strategy in RULES:
            try:
                answer = _answer(case, strategy)
            except (InfeasibleBudget, ContradictoryBudget):
                assert not fitting, (seed, strategy)
            except UnsupportedBudget:
                assert fitting, (seed, strategy)
            else:
                assert (answer.status, answer.gap) == ("heuristic", None)
                least = case.value(fitting[0])
                assert _value(case, answer.selection) >= least - 1e-12, (seed, strategy)
                _check_kept(case, answer)


def _answer(case: RandomCase, strategy: StrategyName) -> Answer:
    return select(strategy, case.problem, case.budget, SearchSettings(top=case.top))


def _picks(case: RandomCase, selection: Selection) -> Picks:
    by_id = {pick.id: pick for part in case.problem.neighbourhoods for pick in part}
    return tuple(by_id[id] for id in selection.choices)


def _value(case: RandomCase, selection: Selection) -> float:
    return case.value(_picks(case, selection))


def _check_kept(case: RandomCase, answer: Answer) -> None:
    for selection in (answer.selection, *answer.others):
        assert case.keeps(_picks(case, selection))
    assert list(answer.slack) == list(case.budget.limits)
    assert all(slack >= 0 for slack in answer.slack.values())


def _check_distances(case: RandomCase, error: InfeasibleBudget | ContradictoryBudget) -> None:
    """With one of the limits raised as told, and none by less, there is a selection."""
    limits, reachable = (
        ({error.axis: error.limit}, {error.axis: error.smallest})
        if isinstance(error, InfeasibleBudget)
        else (error.limits, error.reachable)
    )
    for axis, least in reachable.items():
        others = {each: limit for each, limit in limits.items() if each != axis}
        assert least > limits[axis]
        assert case.with_limits(others | {axis: least + 1e-9 * (axis == "accuracy_drop")}).fitting()
        less = least - (1e-6 if axis in ("accuracy_drop", "latency_ms") else 1)
        assert not case.with_limits(others | {axis: less}).fitting()
