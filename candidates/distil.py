"""Distil: refine drafts by gradient until they do what their neighbourhood does."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from candidates.candidate import Course
from candidates.draft import Draft
from candidates.draws import Draws
from candidates.errors import InvalidRecipe
from candidates.initial import reinitialised
from candidates.inputs import Inputs
from candidates.learner import Learner, costs_of
from candidates.objective import Batch, Objective
from candidates.plan import Plan
from candidates.progress import Progress
from candidates.recall import Recall
from candidates.recipe import LibraryRecipe
from candidates.savings import Savings, State
from candidates.schedule import pace
from candidates.teams import Teams


def refine(
    drafts: Sequence[Draft],
    objective: Objective,
    stream: Inputs,
    recipe: LibraryRecipe,
    progress: Progress,
    savings: Savings | None = None,
) -> list[Course]:
    """About `recipe.steps` steps on the objective for each draft, in place, obeying constraints;
    how many each took.

    `stream` gives the activations at `objective.source`; see `Objective.stream`. All drafts see
    the same batch and share its targets. Without `recipe.halving` none influences another; with
    it some stop early and others take their steps. From the closed form BatchNorms stay in eval
    mode: they are part of the function that it solved for, and their statistics are to be restated
    afterwards. A run that was stopped anywhere and started again with the same arguments goes on
    from its savings to the same weights; drafts change only at the very end.

    Raises InvalidRecipe where the recipe's device is missing, FloatingPointError where a draft's
    weights became NaN or Inf.
    """
    _check_device(recipe)
    if recipe.steps == 0 or not drafts:
        _constrain(drafts)
        return [Course()] * len(drafts)
    if recipe.start == "random":
        for draft in drafts:
            reinitialised(draft.network, recipe.seed)
    learners = [Learner(draft, objective, recipe) for draft in drafts]
    _Run(learners, objective, stream, recipe).run(progress, savings)
    for learner in learners:
        learner.give_back()
    return [learner.course for learner in learners]


class _Run:
    """The steps of all learners of one neighbourhood."""

    def __init__(
        self,
        learners: list[Learner],
        objective: Objective,
        stream: Inputs,
        recipe: LibraryRecipe,
    ) -> None:
        self.learners, self.stream, self.recipe = learners, stream, recipe
        num_kept_back = min(recipe.validation_images, len(stream) // 4)
        self.num_learning = len(stream) - num_kept_back
        self.draws = Draws(self.num_learning, recipe.batch_size, recipe.seed)
        self.recall = Recall(objective, stream, recipe)
        self.plan = Plan(learners, recipe, costs_of(objective.teacher_weights))
        self.teams = Teams(learners, objective, recipe)

    def run(self, progress: Progress, savings: Savings | None) -> None:
        """All steps that are left, until no learner is open."""
        step = self._begin(savings)
        while self._goes_on(step):
            self._step(step)
            step += 1
            if step == self.plan.span.end:
                self._check()
                self.plan.judge()
            if savings and step % savings.every == 0:
                savings.write(self._state(step))
            progress(self.plan.progress(step), self.recipe.steps)
        self.teams.settle()

    def _begin(self, savings: Savings | None) -> int:
        state = savings.read() if savings else None
        if state is None:
            for learner in self.learners:
                learner.constrain(0)
            self._check()
            return 0
        self.plan.restore(state.facts["plan"])
        for number, learner in enumerate(self.learners):
            learner.restore(state, str(number))
        return state.step

    def _goes_on(self, step: int) -> bool:
        """Whether another step is due; a span may have none."""
        is_open = any(learner.open for learner in self.learners)
        while is_open and step == self.plan.span.end and not self.plan.is_over:
            self.plan.go_on()
        return is_open and step < self.plan.span.end

    def _step(self, step: int) -> None:
        activations, targets = self._batch(self.draws.at(step))
        how = pace(self.recipe, step, self.plan.span)
        for team in self.teams.open((activations, targets)):
            team.learn(activations, targets, how)
            team.constrain(step + 1)

    def _check(self) -> None:
        """Show every open learner its loss on the images that are kept back, if there are any."""
        self.teams.settle()
        learners = [learner for learner in self.learners if learner.open]
        num_images = len(self.stream) - self.num_learning
        losses = [0.0] * len(learners)
        for index in self._kept_back() if learners else ():
            activations, targets = self._batch(index)
            for number, learner in enumerate(learners):
                share = len(activations) / num_images
                losses[number] += share * learner.loss(activations, targets)
        if num_images:
            for learner, loss in zip(learners, losses, strict=True):
                learner.check(loss)

    def _kept_back(self) -> Iterator[slice]:
        size = self.stream.batch_size
        for first in range(self.num_learning, len(self.stream), size):
            yield slice(first, first + size)

    def _batch(self, index: Tensor | slice) -> Batch:
        activations = self.stream.at(index).to(self.recipe.device)
        if self.recipe.channels_last and activations.dim() == 4:
            activations = activations.to(memory_format=torch.channels_last)
        return activations, self.recall.targets(index, activations)

    def _state(self, step: int) -> State:
        self.teams.settle()
        state = State(step, facts={"plan": self.plan.facts()})
        for number, learner in enumerate(self.learners):
            learner.save(state, str(number))
        return state


def _constrain(drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        if draft.constraint is not None:
            draft.constraint.apply(draft.network.tensors(), 0, 0)


def _check_device(recipe: LibraryRecipe) -> None:
    if recipe.device == "cuda" and not torch.cuda.is_available():
        raise InvalidRecipe(
            "The recipe's device is cuda, but this machine has no CUDA device; set device to cpu."
        )
