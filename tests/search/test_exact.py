import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.errors import ContradictoryBudget, EmptyLibrary, InfeasibleBudget, UnknownCost
from search.budget import Budget
from search.exact import select
from search.problem import Choice, Problem
from search.settings import SearchSettings
from tests.search.problems import all_picks, choice, parameters, problem, problems

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
    assert selection.loss == pytest.approx(min(of.loss(picks) for picks in fitting), rel=1e-12)
    assert selection.cost.parameters <= limit


def test_a_drop_alone_gives_the_fewest_of_what_is_to_be_minimised() -> None:
    of = problem((choice("narrow", 1, 0.3, macs=9), choice("quick", 5, 0.3, macs=2),
                  choice("all", 9, 0.0, macs=9)))  # fmt: skip
    most = of.predictor.drop(0.4).value
    small = select(of, Budget(accuracy_drop=most), SETTINGS).selection
    quick = select(of, Budget(accuracy_drop=most, minimise="macs"), SETTINGS).selection
    assert (small.choices, quick.choices) == (("narrow",), ("quick",))


def test_a_drop_that_was_told_can_be_asked_for() -> None:
    of = problem((choice("a", 1, 0.31), choice("b", 2, 0.1)), (choice("c", 1, 0.17),))
    told = of.predictor.drop(0.31 + 0.17).value
    answer = select(of, Budget(accuracy_drop=told), SETTINGS)
    assert answer.selection.choices == ("a", "c")
    assert answer.slack["accuracy_drop"] == pytest.approx(0, abs=1e-9)


def test_a_latency_that_was_told_can_be_asked_for() -> None:
    of = problem(*((timed(f"{place}", 0.1 * (place + 1) / 3),) for place in range(7)))
    told = of.fixed.latency_ms + sum(part[0].cost.latency_ms for part in of.neighbourhoods)
    answer = select(of, Budget(latency_ms=told, device="pi"), SETTINGS)
    again = Budget(latency_ms=answer.selection.cost.latency_ms, device="pi")
    assert select(of, again, SETTINGS).slack == {"latency_ms": 0}


def test_an_accuracy_drop_out_of_reach_names_the_least_drop() -> None:
    of = problem((choice("a", 1, 0.2, drop=3.0), choice("b", 2, 0.1, drop=1.5)))
    with pytest.raises(InfeasibleBudget) as caught:
        select(of, Budget(accuracy_drop=0.5), SETTINGS)
    assert caught.value.axis == "accuracy_drop"
    assert caught.value.smallest == pytest.approx(of.predictor.drop(0.1).value)


def test_a_peak_is_a_filter_on_choices() -> None:
    of = problem((peaked("thick", 90, kl=0.0), peaked("thin", 20, kl=0.5)), (peaked("b", 50),))
    answer = select(of, Budget(activation_bytes=60), SETTINGS)
    assert answer.selection.choices == ("thin", "b")
    assert (answer.slack, answer.binding) == ({"activation_bytes": 10}, "activation_bytes")


def test_a_peak_below_all_peaks_names_the_lowest() -> None:
    of = problem((peaked("thick", 90), peaked("thin", 20)), (peaked("b", 50),))
    with pytest.raises(InfeasibleBudget, match="the smallest reachable is 50"):
        select(of, Budget(activation_bytes=49), SETTINGS)


def test_a_peak_that_nobody_counted_is_not_taken_for_none() -> None:
    of = problem((choice("old", 1, 0.0), choice("older", 1, 0.0)))
    with pytest.raises(UnknownCost, match="activation_bytes of 2 candidates, 'old' first"):
        select(of, Budget(activation_bytes=49), SETTINGS)


def test_latencies_that_nobody_measured_are_not_taken_for_none() -> None:
    of = problem((choice("old", 1, 0.0), choice("older", 1, 0.0)))
    for budget in (Budget(latency_ms=3, device="pi"),
                   Budget(accuracy_drop=3, minimise="latency_ms", device="pi")):  # fmt: skip
        with pytest.raises(UnknownCost, match="latency_ms of 2 candidates, 'old' first"):
            select(of, budget, SETTINGS)


def test_scores_without_agreement_are_scores() -> None:
    of = problem((choice("old", 1, 0.0),))
    assert of.neighbourhoods[0][0].score.agreement is None
    assert select(of, Budget(parameters=1), SETTINGS).selection.choices == ("old",)


def test_of_equal_losses_the_smaller_student_is_taken() -> None:
    of = problem((choice("large", 4, 0.1), choice("small", 3, 0.1), choice("none", 9, 0.0)))
    answer = select(of, Budget(parameters=5), SETTINGS)
    assert answer.selection.choices == ("small",)
    assert answer.runner_up is not None
    assert answer.runner_up.choices == ("large",)


def test_of_equal_losses_within_several_limits_no_choice_is_beaten() -> None:
    of = problem((choice("large", 4, 0.1, macs=4), choice("small", 3, 0.1, macs=4)))
    assert select(of, Budget(parameters=5, macs=5), SETTINGS).selection.choices == ("small",)


def test_neighbourhoods_of_one_candidate_leave_one_answer_without_runner_up() -> None:
    of = problem((choice("a", 2, 0.1),), (choice("b", 3, 0.1),))
    answer = select(of, Budget(parameters=5), SETTINGS)
    assert (answer.selection.choices, answer.runner_up, answer.binding) == (("a", "b"), None, None)


def test_the_limit_that_forbids_most_exchanges_binds() -> None:
    of = problem(
        (choice("a", 1, 0.9, macs=1), choice("b", 9, 0.5, macs=1), choice("c", 9, 0.2, macs=1),
         choice("d", 1, 0.1, macs=9)),
    )  # fmt: skip
    answer = select(of, Budget(parameters=5, macs=5), SETTINGS)
    assert answer.selection.choices == ("a",)
    assert answer.binding == "parameters"
    assert select(of, Budget(parameters=20, macs=20), SETTINGS).binding is None


def test_as_many_distinct_selections_are_told_as_were_asked_for() -> None:
    of = problem(*((choice(f"{at}s", 1, 0.2), choice(f"{at}l", 2, 0.1 * at)) for at in range(3)))
    answer = select(of, Budget(parameters=9), SearchSettings(top=5))
    told = [answer.selection, *answer.others]
    assert len({each.choices for each in told}) == 5
    assert [each.loss for each in told] == sorted(each.loss for each in told)


def test_contradictory_limits_are_named_with_their_distance() -> None:
    of = problem((choice("small", 1, 0.0, macs=9), choice("quick", 9, 0.0, macs=1)))
    with pytest.raises(ContradictoryBudget) as caught:
        select(of, Budget(parameters=5, macs=4, bytes=99), SETTINGS)
    assert caught.value.limits == {"parameters": 5, "macs": 4}
    assert caught.value.reachable == {"parameters": 9, "macs": 9}


def test_a_peak_that_contradicts_a_size_is_named_with_its_distance() -> None:
    of = problem((peaked("small", 90, parameters=1), peaked("thin", 20, parameters=9)))
    with pytest.raises(ContradictoryBudget) as caught:
        select(of, Budget(parameters=5, activation_bytes=50), SETTINGS)
    assert caught.value.reachable == {"parameters": 9, "activation_bytes": 90}


def test_what_time_did_not_allow_to_prove_is_told_with_its_gap() -> None:
    answer = select(
        hard_problem(), Budget(parameters=6000, macs=5600), SearchSettings(time_limit_s=1e-3)
    )
    assert answer.status == "time_limit"
    assert answer.gap is not None
    assert 0 < answer.gap < 0.05
    assert min(answer.slack.values()) >= 0


def test_a_library_without_neighbourhoods_has_nothing_to_choose_from() -> None:
    with pytest.raises(EmptyLibrary, match="only student would be the teacher itself"):
        select(problem(fixed=5), Budget(parameters=9), SETTINGS)


def test_a_neighbourhood_without_candidates_is_named() -> None:
    with pytest.raises(EmptyLibrary, match="no candidate for neighbourhood 1"):
        select(problem((choice("a", 1, 0.0),), ()), Budget(parameters=9), SETTINGS)


def timed(id: str, latency_ms: float) -> Choice:
    return _with(choice(id, 1, 0.1), latency_ms=latency_ms)


def peaked(id: str, activation_bytes: int, kl: float = 0.1, parameters: int = 1) -> Choice:
    return _with(choice(id, parameters, kl), activation_bytes=activation_bytes)


def hard_problem() -> Problem:
    """Forty neighbourhoods of choices that all are about equally good."""
    numbers = np.random.default_rng(0)
    sizes = numbers.integers(100, 200, (40, 20, 2)).tolist()
    return problem(
        *(
            tuple(
                choice(
                    f"{place}.{rank}", size, 1 / size + numbers.uniform(0.9, 1.1) / macs, macs=macs
                )
                for rank, (size, macs) in enumerate(part)
            )
            for place, part in enumerate(sizes)
        )
    )


def _with(made: Choice, **cost: float) -> Choice:
    return made.model_copy(update={"cost": made.cost.model_copy(update=cost)})
