"""Measured search: Optuna proposes, and what counts is what students really reach."""

from collections.abc import Callable, Iterator, Sequence

from candidates.candidate import Score
from search import propose
from search.budget import Budget
from search.case import Case
from search.measured_trial import MeasuredTrial, check_measurable
from search.problem import Choice, Problem
from search.settings import SearchSettings
from search.table import Indices, total

Objective = Callable[[Sequence[Choice]], Score]
"""Makes the student of these choices and measures it; equal choices must give equal scores."""

PATIENCE = 20
"""Proposals for each trial that is wanted: those outside a limit or made before cost nothing."""
STARTS_SHARE = 3
"""One trial of so many goes to what the exact strategy finds best."""


def measured_trials(
    problem: Problem, budget: Budget, settings: SearchSettings, objective: Objective
) -> Iterator[MeasuredTrial]:
    """At most `settings.trials` distinct students within a budget without shares, as measured.

    The first is the exact strategy's best. Told their accuracy drops, the sampler proposes the
    others; a proposal that keeps not all limits is told its predicted drop instead, and one that
    came before its known one. Equal arguments give equal trials. None where no selection keeps all
    limits. Raises what `check_measurable` and `Case.of` raise.
    """
    check_measurable(budget)
    case = Case.of(problem, budget)
    if not case.is_open:
        return
    proposals = propose.Proposals(case, settings.sampler, settings.seed, _starts(case, settings))
    known: dict[bytes, float] = {}
    for _ in range(PATIENCE * settings.trials):
        trial, indices = proposals.ask()
        picks, key = case.table.picks(indices), indices.tobytes()
        loss = total(case.table.losses, indices)
        if not case.keeps(indices):
            proposals.tell(trial, indices, problem.cold_start.drop(loss).value)
            continue
        if key not in known:
            score = objective(picks)
            known[key] = score.accuracy_drop.value
            choices = tuple(pick.id for pick in picks)
            yield MeasuredTrial(choices=choices, loss=loss, score=score)
        proposals.tell(trial, indices, known[key])
        if len(known) == settings.trials:
            return


def _starts(case: Case, settings: SearchSettings) -> list[Indices]:
    wanted = min(max(settings.trials // STARTS_SHARE, 1), 100)
    return propose.starts(case, settings.model_copy(update={"top": wanted}))
