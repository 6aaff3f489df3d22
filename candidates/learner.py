"""Learner: a draft while it learns."""

import copy
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from candidates.candidate import Course
from candidates.draft import Draft
from candidates.objective import Objective, Target
from candidates.recipe import LibraryRecipe
from candidates.savings import State
from candidates.schedule import Pace

Values = Callable[[Tensor], list[Tensor]]
log = logging.getLogger(__name__)


class Learner:
    """Takes steps on a copy of a draft, on the recipe's device; only `give_back` changes the draft.

    With checks it knows its best weights and whether going on is of use (`open`). `own` are the
    tensors of `network` that belong to the draft; `losses` are those of the checks so far that
    count, the latest last.
    """

    def __init__(self, draft: Draft, objective: Objective, recipe: LibraryRecipe) -> None:
        self.open = True
        self.draft, self._objective, self._recipe = draft, objective, recipe
        network = objective.network(draft.network).to(recipe.device)
        if recipe.channels_last:
            network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network
        tensors = network.tensors()
        self.own = {name: tensors[name] for name in draft.network.tensors() if name in tensors}
        self._values = self._ready()
        learning = [values for values in network.parameters() if values.requires_grad]
        self.optimiser = optimiser_of(learning, recipe) if learning else None
        self.course = Course()
        self.losses: list[float] = []
        self._best: dict[str, Tensor] = {}
        self._best_loss = float("inf")
        self._idle_checks = 0

    @property
    def costs(self) -> tuple[float, float]:
        """How many weights it has that are not zero, and how many in all."""
        return costs_of(values for values in self.network.parameters() if values.requires_grad)

    @property
    def size(self) -> int:
        """How many numbers its tensors hold."""
        return sum(values.numel() for values in self.own.values())

    def constrain(self, step: int) -> None:
        """Make the weights obey after a step; 0 is before the first."""
        if self.draft.constraint is not None:
            self.draft.constraint.apply(self.own, step, self._recipe.steps)

    def learn(self, activations: Tensor, targets: Sequence[Target], pace: Pace) -> None:
        """One step of the optimiser on a batch."""
        self.course = Course(steps=self.course.steps + 1)
        if self.optimiser is None:
            return
        set_pace(self.optimiser, pace)
        self.network.train(self._recipe.start == "random")
        self.optimiser.zero_grad()
        self._objective.loss(self._values(activations), targets).backward()
        self.optimiser.step()

    def loss(self, activations: Tensor, targets: Sequence[Target]) -> float:
        """L_i of a batch, as the draft would predict."""
        self.network.eval()
        with torch.no_grad():
            return float(self._objective.loss(self._values(activations), targets))

    def check(self, loss: float) -> None:
        """Take note of a validation loss; `patience` of them in turn without progress end it.

        Weights that the constraint has not finished with do not count.
        """
        if not self._obeys():
            return
        progress = loss < (1 - self._recipe.tolerance) * self._best_loss
        self._idle_checks = 0 if progress else self._idle_checks + 1
        self.losses = [*self.losses[-1:], loss]
        if loss < self._best_loss:
            self._best_loss, self._best = loss, _copied(self.own)
        if self._recipe.patience in range(1, self._idle_checks + 1):
            self.stop(f"{self._idle_checks} checks in turn found its loss no lower")

    def stop(self, reason: str) -> None:
        """Take no further step, and say so."""
        self.open = False
        self.course = self.course.model_copy(update={"stopped": reason})
        log.info(
            "A candidate of '%s' with %d weights stopped after %d steps: %s.",
            self._objective.neighbourhood.name, self.costs[0], self.course.steps, reason,
        )  # fmt: skip

    def give_back(self) -> None:
        """Put the best weights known, else the last, into the draft.

        Raises FloatingPointError when they are NaN or Inf.
        """
        found = self._best or self.own
        for name, values in self.draft.network.tensors().items():
            if name not in found:
                continue
            if values.is_floating_point() and not torch.isfinite(found[name]).all():
                raise FloatingPointError(
                    f"Refinement made '{name}' NaN or Inf; lower learning_rate, or set "
                    "validation_images so that the best weights are kept."
                )
            values.data.copy_(found[name])

    def save(self, state: State, name: str) -> None:
        """Everything that another learner of the same draft needs to go on."""
        if self.optimiser is not None:
            state.add(name, self.network, self.optimiser)
        state.add_tensors(f"{name}/best", self._best)
        state.facts[name] = self._facts()

    def restore(self, state: State, name: str) -> None:
        """Go on from what was saved under a name."""
        if self.optimiser is not None:
            state.give(name, self.network, self.optimiser)
        self._best = state.given(f"{name}/best")
        facts = state.facts[name]
        self.open, self._idle_checks = facts["open"], facts["idle_checks"]
        self._best_loss = float(facts["best_loss"])
        self.course = Course.model_validate(facts["course"])
        self.losses = [*map(float, facts["losses"])]
        self.constrain(self.course.steps)

    def _facts(self) -> dict[str, Any]:
        return {
            "open": self.open, "idle_checks": self._idle_checks, "best_loss": str(self._best_loss),
            "course": self.course.model_dump(), "losses": [*map(str, self.losses)],
        }  # fmt: skip

    def _obeys(self) -> bool:
        """Whether the constraint would leave the weights as they are to the very end."""
        if self.draft.constraint is None:
            return True
        tried, total = _copied(self.own), self._recipe.steps
        copy.deepcopy(self.draft.constraint).apply(tried, total, total)
        return all(values.equal(self.own[name]) for name, values in tried.items())

    def _ready(self) -> Values:
        recipe, objective = self._recipe, self._objective
        network = self.network

        def values(activations: Tensor) -> list[Tensor]:
            with mixed_precision(recipe):
                return objective.values(network, activations)

        if not recipe.compiled:
            return values
        compiled: Values = torch.compile(values)
        return compiled


def costs_of(weights: Iterable[Tensor]) -> tuple[float, float]:
    """How many numbers are not zero, and how many there are."""
    counts = [(int(each.count_nonzero()), each.numel()) for each in weights]
    return sum(count for count, _ in counts), sum(count for _, count in counts)


def mixed_precision(recipe: LibraryRecipe) -> torch.autocast:
    """In which products have the recipe's precision."""
    kind = torch.device(recipe.device).type
    return torch.autocast(kind, torch.bfloat16, enabled=recipe.precision == "bfloat16")


def optimiser_of(learning: Sequence[Tensor], recipe: LibraryRecipe) -> torch.optim.Optimizer:
    """The recipe's; every step sets its pace."""
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(learning, rate, recipe.momentum, weight_decay=decay)
    return torch.optim.Adam(learning, rate, weight_decay=decay)


def set_pace(optimiser: torch.optim.Optimizer, pace: Pace) -> None:
    """Let the next step be taken so."""
    for group in optimiser.param_groups:
        group["lr"] = pace.rate
        if "betas" in group:
            group["betas"] = (pace.momentum, group["betas"][1])
        else:
            group["momentum"] = pace.momentum


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: values.detach().clone() for name, values in tensors.items()}
