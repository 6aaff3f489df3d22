"""Teams: which learners take their steps together."""

import logging
from collections.abc import Sequence

from candidates.fused import Fused, NotFusable
from candidates.learner import Learner
from candidates.objective import Batch, Objective
from candidates.recipe import LibraryRecipe

MOST_PADDING = 2.5
"""The widest of a team has at most so many times the numbers of each other."""
log = logging.getLogger(__name__)


class Teams:
    """The open learners of one neighbourhood: fused where the recipe says so, else each alone."""

    def __init__(
        self, learners: Sequence[Learner], objective: Objective, recipe: LibraryRecipe
    ) -> None:
        self._learners, self._objective, self._recipe = learners, objective, recipe
        self._teams: list[Learner | Fused] = []
        self._members: list[Learner] = []

    def open(self, batch: Batch) -> list[Learner | Fused]:
        """Whoever takes the next step, formed anew when a learner has stopped."""
        members = [learner for learner in self._learners if learner.open]
        if members != self._members:
            self.settle()
            self._teams, self._members = self._formed(members, batch), members
        return self._teams

    def settle(self) -> None:
        """Bring all learners to where their teams are."""
        for team in self._teams:
            if isinstance(team, Fused):
                team.settle()

    def _formed(self, members: Sequence[Learner], batch: Batch) -> list[Learner | Fused]:
        fuses = self._recipe.device == "cuda" if self._recipe.fused is None else self._recipe.fused
        teams: list[Learner | Fused] = []
        for group in _groups(members):
            teams += self._fused(group, batch) if fuses and len(group) > 1 else group
        return teams

    def _fused(self, group: list[Learner], batch: Batch) -> Sequence[Learner | Fused]:
        """The group as one, or as it is where that cannot be, which is logged."""
        try:
            return [Fused(group, self._objective, self._recipe, batch)]
        except NotFusable as exc:
            name = self._objective.neighbourhood.name
            log.info("%d candidates of '%s' are not fused: %s", len(group), name, exc)
        return group


def _groups(learners: Sequence[Learner]) -> list[list[Learner]]:
    """Learners with the same calls and not too different sizes, the widest of each group first."""
    groups: list[list[Learner]] = []
    for learner in sorted(learners, key=lambda each: each.size, reverse=True):
        for group in groups:
            is_alike = _calls(learner) == _calls(group[0]) and learner.optimiser is not None
            if is_alike and learner.size * MOST_PADDING >= group[0].size:
                group.append(learner)
                break
        else:
            groups.append([learner])
    return groups


def _calls(learner: Learner) -> list[tuple[str, str]]:
    return [(call.name, call.operator) for call in learner.network.program.calls]
