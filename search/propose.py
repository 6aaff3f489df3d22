"""Proposals: the only door to Optuna."""

from collections.abc import Iterator, Sequence
from math import inf

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler

from candidates.errors import UnsupportedBudget
from search import exact, exchange
from search.answering import answer_of
from search.budget import Budget
from search.case import Case
from search.conflict import explain
from search.found import Found
from search.problem import Problem
from search.selection import Answer, Trial
from search.settings import Sampler, SearchSettings
from search.table import Indices, total

ADVICE = (
    "None of {trials} proposals keeps all limits together, though there may be some that do. Relax "
    "one of the limits, allow more trials, or use the strategy 'exact'."
)
NO_TORCH = (
    "The sampler 'gp' needs torch, which is not installed here. Install it, or take the sampler "
    "'tpe' or 'nsga2'."
)


def select(problem: Problem, budget: Budget, settings: SearchSettings) -> Answer:
    """The best of `settings.trials` proposals, which go out from the exact strategy's best ones.

    They minimise what is to be made small and take any set of limits. Next best are the next best
    proposals. Raises EmptyLibrary, UnknownCost, InfeasibleBudget, ContradictoryBudget, and
    UnsupportedBudget when no proposal keeps all limits, or the sampler is not to be had.
    """
    case = Case.of(problem, budget)
    tried = list(_tried(case, settings)) if case.is_open else []
    distinct = {picks.tobytes(): picks for picks in tried if case.keeps(picks)}
    fitting = sorted(distinct.values(), key=lambda picks: total(case.values, picks))
    if not fitting:
        raise explain(case, settings.time_limit_s, ADVICE.format(trials=settings.trials))
    trials = [_trial(case, number, picks) for number, picks in enumerate(tried)]
    return answer_of(case, Found(fitting[: settings.top]), trials)


class Proposals:
    """Asks for selections and is told what they are worth, the less the better.

    Candidates are ranked by size, so that neighbouring integers are alike. Selections from
    `starts` are the first to be proposed.
    """

    def __init__(
        self, case: Case, sampler: Sampler, seed: int, starts: Sequence[Indices] = ()
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._case = case
        self._ranked = _ranked(case)
        self._study = optuna.create_study(sampler=_sampler(sampler, seed))
        self._space: dict[str, BaseDistribution] = {
            _name(at): IntDistribution(0, len(part) - 1) for at, part in enumerate(self._ranked)
        }
        for picks in starts:
            self._study.enqueue_trial(self._ranks(picks))

    def ask(self) -> tuple[optuna.Trial, Indices]:
        """The next selection, and by which trial it is to be told."""
        trial = self._study.ask(self._space)
        picks = [part[trial.params[_name(at)]] for at, part in enumerate(self._ranked)]
        return trial, np.asarray(picks, dtype=np.intp)

    def tell(self, trial: optuna.Trial, picks: Indices, value: float) -> None:
        """What came of it; the limits are looked after here."""
        for axis, excess in self._excess(picks).items():
            trial.set_constraint(axis, excess)
        self._study.tell(trial, value)

    def add(self, picks: Indices, value: float) -> None:
        """A selection whose worth is known already, as if it had been asked and told."""
        known = optuna.create_trial(
            params=self._ranks(picks),
            distributions=self._space,
            value=value,
            constraints=self._excess(picks),
        )
        self._study.add_trial(known)

    def _excess(self, picks: Indices) -> dict[str, float]:
        """Positive where a limit is exceeded; in units of the limit, so that axes weigh alike."""
        return {
            limit.axis: (total(limit.values, picks) - limit.most) / (abs(limit.most) or 1.0)
            for limit in self._case.limits
            if limit.most < inf
        }

    def _ranks(self, picks: Indices) -> dict[str, int]:
        return {
            _name(at): int(np.flatnonzero(part == pick)[0])
            for at, (part, pick) in enumerate(zip(self._ranked, picks, strict=True))
        }


def starts(case: Case, settings: SearchSettings) -> list[Indices]:
    """Where to go out from: what other strategies find best, and the smallest selections."""
    best = exact.find(case, settings.top, settings.time_limit_s).selections
    greedy = exchange.best(case, case.values, case.limits)
    smallest = [case.smallest(limit.axis) for limit in case.limits]
    return [*best, *([] if greedy is None else [greedy]), *smallest]


def _tried(case: Case, settings: SearchSettings) -> Iterator[Indices]:
    proposals = Proposals(case, settings.sampler, settings.seed, starts(case, settings))
    for _ in range(settings.trials):
        trial, picks = proposals.ask()
        proposals.tell(trial, picks, total(case.values, picks))
        yield picks


def _ranked(case: Case) -> list[Indices]:
    """The allowed choices of every neighbourhood by their size."""
    sizes, owner = case.table.costs["parameters"], case.table.owner
    at = np.flatnonzero(case.allowed)
    at = at[np.lexsort((sizes[at], owner[at]))]
    return np.split(at, np.flatnonzero(np.diff(owner[at])) + 1)


def _sampler(name: Sampler, seed: int) -> BaseSampler:
    if name == "tpe":
        return TPESampler(seed=seed, n_startup_trials=10)
    if name == "nsga2":
        return NSGAIISampler(seed=seed)
    try:
        return optuna.samplers.GPSampler(seed=seed)
    except ImportError as exc:
        raise UnsupportedBudget(NO_TORCH) from exc


def _name(neighbourhood: int) -> str:
    return f"neighbourhood {neighbourhood}"


def _trial(case: Case, number: int, picks: Indices) -> Trial:
    return Trial(
        number=number,
        choices=tuple(choice.id for choice in case.table.picks(picks)),
        loss=total(case.table.losses, picks),
        feasible=case.keeps(picks),
    )
