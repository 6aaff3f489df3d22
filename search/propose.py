"""Proposals: the only door to Optuna."""

from collections.abc import Iterator, Sequence
from itertools import permutations

import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.samplers import TPESampler

from candidates.errors import InfeasibleBudget, UnsupportedBudget
from search import greedy, reach
from search.budget import Axis, Budget
from search.problem import Choice, Problem
from search.selection import Answer, Trial
from search.settings import SearchSettings
from search.totals import cost_axes, cost_on, selection_of, total, within
from search.trade_off import trade_off

Picks = tuple[Choice, ...]


def select(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    """The best of `settings.trials` proposals of a constrained tree-structured Parzen estimator.

    It starts from the greedy rule's answer and the smallest students, minimises summed KL (with
    `accuracy_drop` alone: parameters) and takes any set of limits. Raises InfeasibleBudget when
    one limit, or two together, are out of reach, UnsupportedBudget when no proposal keeps all.
    """
    reach.check(problem, budget)
    proposals = list(_proposals(problem, budget, settings))
    fitting = [picks for picks in proposals if within(problem, picks, budget)]
    if not fitting:
        _check_pairs(problem, budget)
        raise UnsupportedBudget(
            f"None of {settings.trials} proposals keeps all limits together. "
            "Relax one of them or allow more trials."
        )
    best = min(fitting, key=lambda picks: _objective(problem, picks, budget))
    trials = tuple(_trial(problem, number, picks, budget) for number, picks in enumerate(proposals))
    return Answer(selection=selection_of(problem, best), trials=trials)


def _proposals(problem: Problem, budget: Budget, settings: SearchSettings) -> Iterator[Picks]:
    """Asks and tells; candidates are ranked by size, so that neighbouring integers are alike."""
    ranked = [
        sorted(choices, key=lambda choice: cost_on(choice.cost, "parameters"))
        for choices in problem.neighbourhoods
    ]
    study = _study(settings.seed)
    for picks in _starts(problem, budget):
        ranks = [choices.index(pick) for choices, pick in zip(ranked, picks, strict=True)]
        study.enqueue_trial({_name(at): rank for at, rank in enumerate(ranks)})
    space: dict[str, BaseDistribution] = {
        _name(at): IntDistribution(0, len(part) - 1) for at, part in enumerate(ranked)
    }
    for _ in range(settings.trials):
        trial = study.ask(space)
        picks = tuple(choices[trial.params[_name(at)]] for at, choices in enumerate(ranked))
        for axis, limit in budget.limits.items():
            trial.set_constraint(axis, _excess(problem, picks, axis, limit))
        study.tell(trial, _objective(problem, picks, budget))
        yield picks


def _study(seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(sampler=TPESampler(seed=seed, n_startup_trials=10))


def _starts(problem: Problem, budget: Budget) -> Iterator[Picks]:
    for axis in cost_axes(budget) or ("parameters",):
        sweep = greedy.thresholds(problem, axis)
        fitting = [picks for _, picks in sweep if within(problem, picks, budget)]
        if fitting:
            yield fitting[0] if cost_axes(budget) else fitting[-1]
    for limited in budget.limits:
        yield reach.smallest_picks(problem, limited)


def _name(neighbourhood: int) -> str:
    return f"neighbourhood {neighbourhood}"


def _excess(problem: Problem, picks: Sequence[Choice], axis: Axis, limit: float) -> float:
    """Positive when the limit is exceeded; in units of the limit, so that axes weigh alike."""
    return (total(problem, picks, axis) - limit) / (limit or 1.0)


def _objective(problem: Problem, picks: Picks, budget: Budget) -> float:
    if not cost_axes(budget):
        return total(problem, picks, "parameters")
    return sum(pick.score.kl.value for pick in picks)


def _trial(problem: Problem, number: int, picks: Picks, budget: Budget) -> Trial:
    return Trial(
        number=number,
        choices=tuple(pick.id for pick in picks),
        loss=sum(pick.score.kl.value for pick in picks),
        feasible=within(problem, picks, budget),
    )


def _check_pairs(problem: Problem, budget: Budget) -> None:
    """Raises InfeasibleBudget when keeping one cost limit puts another limit out of reach."""
    for axis, other in permutations(budget.limits, 2):
        if axis == "accuracy_drop":
            continue
        picks = trade_off(problem, axis, other).best_within(budget.limits[axis])
        least = total(problem, picks, other)
        if least > budget.limits[other]:
            raise InfeasibleBudget(other, budget.limits[other], least)
