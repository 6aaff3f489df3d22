"""Figure lines: the selections of a library by every strategy, as the paper's figures show them."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple, get_args

from benchmarks.in_process import Library
from candidates.errors import InfeasibleBudget, UnsupportedBudget
from search import threshold, trade_off
from search.budget import Budget, CostAxis
from search.selection import Selection
from search.settings import SearchSettings
from search.strategies import StrategyName, select
from search.totals import cost_on, selection_of

Line = list[tuple[float, float]]
"""Costs and predicted accuracies in percent."""


class Asked(NamedTuple):
    """A student by one strategy, at most so large."""

    axis: CostAxis
    share: float
    strategy: StrategyName

    @property
    def name(self) -> str:
        """What its cell is called."""
        return f"{self.axis}/{self.share}/{self.strategy}"


def selected(library: Library, asked: Asked, seed: int) -> Selection | str:
    """The selection, or the sentence with which it is refused."""
    whole: int = cost_on(library.teacher.cost, asked.axis)
    limit = int(asked.share * whole)
    if asked.strategy == "uniform":
        fitting = [s for s in uniform(library) if cost_on(s.cost, asked.axis) <= limit]
        return min(fitting, key=lambda s: s.loss, default="No uniform selection is so small.")
    budget = Budget.model_validate({asked.axis: limit})
    settings = SearchSettings(seed=seed)
    try:
        return select(asked.strategy, library.problem, budget, settings).selection
    except (InfeasibleBudget, UnsupportedBudget) as refused:
        return str(refused)


def strategies() -> tuple[StrategyName, ...]:
    """All there are."""
    return get_args(StrategyName)


def uniform(library: Library) -> tuple[Selection, ...]:
    """Those of equal knobs everywhere, as far as every neighbourhood has them."""
    problem = library.problem
    picks = {choice.id: choice for part in problem.neighbourhoods for choice in part}
    found = sorted(
        (str(sorted(made.candidate.knobs.items())), place, made.identity)
        for place, part in enumerate(library.candidates)
        for made in part
    )
    groups = (list(group) for _, group in groupby(found, key=lambda each: each[0]))
    return tuple(
        selection_of(problem, [picks[identity] for _, _, identity in group])
        for group in groups
        if len(group) == len(problem.neighbourhoods)
    )


def lines(library: Library, axis: CostAxis) -> dict[str, Line]:
    """What is predicted: the exact curve, the threshold rule's sweep, the uniform selections."""
    problem = library.problem
    sweep = [selection_of(problem, picks) for _, picks in threshold.thresholds(problem, axis)]
    found = {
        "exact": trade_off.curve(problem, axis, 200),
        "threshold": sweep,
        "uniform": uniform(library),
    }
    return {name: sorted(_points(selections, axis)) for name, selections in found.items()}


def _points(selections: Any, axis: CostAxis) -> Iterator[tuple[float, float]]:
    for selection in selections:
        yield cost_on(selection.cost, axis), selection.predicted_accuracy.value
