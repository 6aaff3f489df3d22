"""Plan: the spans in which a neighbourhood's learners take their steps."""

from collections.abc import Sequence
from math import inf
from typing import Any

from candidates.halving import Costs, Shares, Standing, verdicts
from candidates.learner import Learner
from candidates.recipe import LibraryRecipe
from candidates.schedule import Span, round_of


class Plan:
    """The recipe's rounds, or with `halving` rungs whose steps depend on who is still open.

    `teacher` are the costs of the teacher's own part, as `Learner.costs` counts them.
    """

    def __init__(self, learners: Sequence[Learner], recipe: LibraryRecipe, teacher: Costs) -> None:
        self._learners, self._recipe, self._teacher = learners, recipe, teacher
        self._shares = Shares(recipe, len(learners)) if recipe.halving else None
        self.span = Span(0, 0)
        self.go_on()

    @property
    def is_over(self) -> bool:
        """Whether nothing follows the present span."""
        if self._shares is not None:
            return self._shares.is_last
        return self.span.end >= self._recipe.steps

    def go_on(self) -> None:
        """Begin the next span, if there is one and somebody to take its steps."""
        num_open = sum(learner.open for learner in self._learners)
        if not num_open or (self.span.end and self.is_over):
            return
        if self._shares is None:
            self.span = round_of(self._recipe, self.span.end)
        else:
            self._shares.begin(num_open)
            self.span = self._shares.span

    def judge(self) -> None:
        """Stop whoever should not go on, once the span's check is noted; without `halving` that
        is nobody. What a constraint has not finished with is not judged.
        """
        if self._shares is None or self.is_over:
            return
        judged = [each for each in self._learners if each.open and each.losses]
        standings = [self._standing(each) for each in judged]
        found = verdicts(standings, self._teacher, self._recipe.tolerance)
        for learner, reason in zip(judged, found, strict=True):
            if reason:
                learner.stop(reason)

    def _standing(self, learner: Learner) -> Standing:
        """The start does not count as a rung: a first, short cycle need not beat it."""
        has_two = self._shares is not None and self._shares.rung > 1 and len(learner.losses) > 1
        before = learner.losses[-2] if has_two else inf
        return Standing(learner.costs, learner.losses[-1], before)

    def progress(self, step: int) -> int:
        """How many of the recipe's steps a step stands for."""
        if self._shares is None:
            return step
        num_open = sum(learner.open for learner in self._learners)
        left = (self.span.end - step) * num_open
        return max(0, self._shares.num_taken - left) // len(self._learners)

    def facts(self) -> dict[str, Any]:
        """What `restore` needs."""
        taken = [] if self._shares is None else [self._shares.rung, self._shares.num_taken]
        return {"span": self.span, "taken": taken}

    def restore(self, facts: dict[str, Any]) -> None:
        """Go on where another plan was."""
        self.span = Span(*facts["span"])
        if self._shares is not None:
            self._shares.rung, self._shares.num_taken = facts["taken"]
            self._shares.span = self.span
