"""Strategies: how quickly and how well each selects, on made-up libraries, without HTTP.

`python -m benchmarks.strategies`; at least: the exact strategy within one limit, 50 × 100, 250 ms
at first and 5 ms for the same question again; within three, 50 × 20, 2 s and proven, or with its
gap; and the best of all selections in 1 000 of 1 000 small cases.
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple, get_args

import numpy as np

from benchmarks.made_up_problem import one_limit, problem, three_limits
from benchmarks.report import publish, spread
from candidates.errors import StudentSearchError
from search.budget import Budget
from search.case import Case
from search.problem import Problem
from search.propose import Proposals
from search.selection import Answer
from search.settings import SearchSettings
from search.strategies import StrategyName, select
from search.table import total

PARTS = (0.3, 0.5, 0.75)
"""Limits, in parts of the teacher."""
TOLD = SearchSettings(top=3)
Asked = tuple[Problem, Budget]


class Times(NamedTuple):
    """Seconds; on a machine that does other things too, the wall clock tells more of those."""

    wall: float
    processor: float


def main() -> None:
    """Print and write times, agreement and losses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", type=int, default=10, help="Of each size.")
    parser.add_argument("--cases", type=int, default=1000, help="To be enumerated.")
    parser.add_argument("--trials", type=int, default=200, help="Of optuna.")
    given = parser.parse_args()
    seeds = range(given.libraries)
    figures = {
        "exact_one_limit_50x100_ms": _one_limit_ms(seeds),
        "exact_three_limits_50x20": _three_limits(seeds),
        "agreement_with_enumeration": _agreement(given.cases),
        "loss_in_parts_of_the_least_16x20": _ratios(seeds, given.trials),
    }
    publish("strategies", vars(given) | {"limits": PARTS}, figures)


def _one_limit_ms(seeds: Sequence[int]) -> dict[str, dict[str, dict[str, float]]]:
    """Of a library's first question, of questions with other limits, and of the same ones again."""
    times: dict[str, list[Times]] = {"first": [], "other_limit": [], "again": []}
    select("exact", *_asked(4, 4, 0)[0], SearchSettings())  # loads what is loaded once
    for seed in seeds:
        asked = _asked(50, 100, seed)
        first, *others = (_timed(each)[1] for each in asked)
        times["first"].append(first)
        times["other_limit"].extend(others)
        times["again"].extend(_timed(each)[1] for each in asked)
    return {name: _spreads(found, 1000) for name, found in times.items()}


def _three_limits(seeds: Sequence[int]) -> dict[str, object]:
    asked = [each for seed in seeds for each in _asked(50, 20, seed, num_limits=3)]
    told = [_timed(each) for each in asked]
    return {
        "seconds": _spreads([times for _, times in told]),
        "status": Counter(answer.status for answer, _ in told),
        "greatest_gap": max(answer.gap or 0.0 for answer, _ in told),
        "binding": Counter(str(answer.binding) for answer, _ in told),
    }


def _timed(asked: Asked) -> tuple[Answer, Times]:
    wall, cpu = time.perf_counter(), time.process_time()
    answer = select("exact", *asked, SearchSettings())
    return answer, Times(time.perf_counter() - wall, time.process_time() - cpu)


def _spreads(times: Sequence[Times], unit: float = 1) -> dict[str, dict[str, float]]:
    return {
        "wall": spread([unit * each.wall for each in times]),
        "processor": spread([unit * each.processor for each in times]),
    }


def _agreement(num_cases: int) -> dict[str, int]:
    """Cases whose three best selections lose what the enumeration's do, or that are refused where
    the enumeration finds nothing.
    """
    counts: Counter[str] = Counter()
    for seed in range(num_cases):
        of = problem(4, 4, seed)
        part = float(np.random.default_rng(seed).uniform(0.1, 0.9))
        budget = (one_limit, three_limits)[seed % 2](of, part)
        answer = _answer("exact", (of, budget), TOLD)
        losses = [] if answer is None else [answer.selection, *answer.others]
        best = _enumerated(of, budget)
        told = [each.loss for each in losses]
        counts["agreeing"] += len(best) == len(told) and np.allclose(best, told, rtol=1e-12, atol=0)
        counts["refused"] += answer is None
    return {"cases": num_cases, **counts}


def _enumerated(of: Problem, budget: Budget) -> list[float]:
    """The losses of the three best selections."""
    best = []
    for picks in product(*of.neighbourhoods):
        cost = sum((pick.cost for pick in picks), of.fixed)
        if all(getattr(cost, axis) <= limit + 1e-7 for axis, limit in budget.limits.items()):
            best.append(sum(pick.score.kl.value for pick in picks))
    return sorted(best)[: TOLD.top]


def _ratios(seeds: Sequence[int], trials: int) -> dict[str, dict[str, object]]:
    """Over libraries and limits; refusals are counted. `optuna alone` goes out from nothing, where
    the strategy starts from the exact answers.
    """
    settings = SearchSettings(trials=trials)
    found: dict[str, dict[str, object]] = {}
    names: tuple[StrategyName, ...] = get_args(StrategyName)
    for num_limits in (1, 3):
        asked = [each for seed in seeds for each in _asked(16, 20, seed, num_limits)]
        losses: dict[str, list[float | None]] = {
            name: [_loss(_answer(name, each, settings)) for each in asked] for name in names
        }
        losses["optuna alone"] = [_alone(*each, trials) for each in asked]
        least = losses.pop("exact")
        for rule, each in losses.items():
            found[f"{rule}, {num_limits} limits"] = _beside(each, least)
    return found


def _beside(losses: Sequence[float | None], least: Sequence[float | None]) -> dict[str, object]:
    pairs = zip(losses, least, strict=True)
    ratios = [loss / best for loss, best in pairs if loss is not None and best is not None]
    return {**(spread(ratios) if ratios else {}), "refused": losses.count(None)}


def _alone(of: Problem, budget: Budget, trials: int) -> float | None:
    case = Case.of(of, budget)
    proposals = Proposals(case, "tpe", seed=0)
    losses = []
    for _ in range(trials):
        trial, picks = proposals.ask()
        proposals.tell(trial, picks, total(case.values, picks))
        if case.keeps(picks):
            losses.append(total(case.values, picks))
    return min(losses, default=None)


def _answer(name: StrategyName, asked: Asked, settings: SearchSettings) -> Answer | None:
    try:
        return select(name, *asked, settings)
    except StudentSearchError:
        return None


def _loss(answer: Answer | None) -> float | None:
    return None if answer is None else answer.selection.loss


def _asked(
    num_neighbourhoods: int, num_candidates: int, seed: int, num_limits: int = 1
) -> list[Asked]:
    """One library, under every limit."""
    of = problem(num_neighbourhoods, num_candidates, seed)
    limited = {1: one_limit, 3: three_limits}[num_limits]
    return [(of, limited(of, part)) for part in PARTS]


if __name__ == "__main__":
    main()
