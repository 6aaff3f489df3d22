import pytest

from candidates.errors import ContradictoryBudget, InfeasibleBudget
from search import exact
from search.budget import Budget
from search.case import Case
from search.problem import Problem
from search.propose import Proposals, select
from search.settings import Sampler, SearchSettings
from tests.search.problems import choice, problem

SETTINGS = SearchSettings(trials=30)


def a_problem() -> Problem:
    return problem(
        *(
            tuple(
                choice(f"{at}.{size}", size, (10 - size) * (at + 1) / 100, macs=size * (4 - at))
                for size in range(1, 11)
            )
            for at in range(4)
        ),
        fixed=1,
    )


def test_every_limit_is_kept() -> None:
    cost = select(a_problem(), Budget(parameters=25, macs=60), SETTINGS).selection.cost
    assert cost.parameters <= 25
    assert cost.macs <= 60


def test_the_answer_is_never_worse_than_the_exact_one_it_starts_from() -> None:
    budget = Budget(parameters=20, macs=50)
    best = exact.select(a_problem(), budget, SETTINGS).selection
    assert select(a_problem(), budget, SETTINGS).selection.loss <= best.loss


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_every_sampler_keeps_the_limits_and_repeats_itself(sampler: Sampler) -> None:
    settings = SearchSettings(trials=60, sampler=sampler)
    answer = select(a_problem(), Budget(parameters=25, macs=60), settings)
    assert answer.slack["macs"] >= 0
    assert len({trial.choices for trial in answer.trials}) > 10
    assert select(a_problem(), Budget(parameters=25, macs=60), settings) == answer


def test_the_gaussian_process_is_one_of_the_samplers() -> None:
    answer = select(a_problem(), Budget(parameters=25), SearchSettings(trials=12, sampler="gp"))
    assert len(answer.trials) == 12


def test_every_trial_is_recorded_and_says_whether_it_kept_the_budget() -> None:
    answer = select(a_problem(), Budget(parameters=20), SETTINGS)
    assert [trial.number for trial in answer.trials] == list(range(30))
    sizes = [1 + sum(int(id.split(".")[1]) for id in trial.choices) for trial in answer.trials]
    assert [trial.feasible for trial in answer.trials] == [size <= 20 for size in sizes]


def test_the_same_seed_gives_the_same_trials() -> None:
    budget = Budget(parameters=20)
    assert select(a_problem(), budget, SETTINGS) == select(a_problem(), budget, SETTINGS)


def test_a_drop_alone_asks_for_few_parameters() -> None:
    of = problem((choice("a9", 9, 0.0, drop=0.0), choice("a3", 3, 0.2, drop=0.5)))
    answer = select(of, Budget(accuracy_drop=0.5), SETTINGS)
    assert answer.selection.choices == ("a3",)


def test_limits_that_exclude_each_other_name_what_is_reachable() -> None:
    of = problem((choice("small", 1, 0.0, macs=9), choice("quick", 9, 0.0, macs=1)))
    with pytest.raises(ContradictoryBudget) as caught:
        select(of, Budget(parameters=5, macs=5), SETTINGS)
    assert caught.value.reachable == {"parameters": 9, "macs": 9}


def test_one_limit_out_of_reach_names_the_smallest_cost() -> None:
    with pytest.raises(InfeasibleBudget) as caught:
        select(a_problem(), Budget(parameters=4, macs=60), SETTINGS)
    assert (caught.value.axis, caught.value.smallest) == ("parameters", 5)


def test_a_selection_known_already_counts_as_tried() -> None:
    case = Case.of(a_problem(), Budget(parameters=25))
    first, second = case.smallest("parameters"), case.smallest("accuracy_drop")
    proposals = Proposals(case, "tpe", seed=0, starts=[second])
    proposals.add(first, 1.0)
    _, asked = proposals.ask()
    assert asked.tolist() == second.tolist()
