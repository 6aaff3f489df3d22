"""Recall: what the teacher answered, kept while there is room, for images that come again."""

import torch
from torch import Tensor

from candidates.inputs import Inputs
from candidates.objective import Objective, Target
from candidates.recipe import LibraryRecipe


class Recall:
    """Targets of an objective, each image's computed once where that saves anything.

    Nothing is kept on a GPU, where computing is faster than fetching, nor where no image is drawn
    twice, nor where answers and activations together would exceed the recipe's memory limit.
    """

    def __init__(self, objective: Objective, inputs: Inputs, recipe: LibraryRecipe) -> None:
        comes_again = recipe.steps * recipe.batch_size > len(inputs) or recipe.halving
        room = recipe.memory_limit_mb * 2**20 - inputs.kept_bytes
        self._objective, self._num_images = objective, len(inputs)
        self._room = room if comes_again and recipe.device == "cpu" else 0
        self._known = torch.zeros(len(inputs), dtype=torch.bool)
        self._answers: list[Tensor] = []

    def targets(self, index: Tensor | slice, activations: Tensor) -> list[Target]:
        """As `Objective.targets` gives them."""
        if self._answers and bool(self._known[index].all()):
            return self._objective.as_targets([each[index] for each in self._answers])
        answers = self._objective.answers(index, activations)
        self._keep(index, answers)
        return self._objective.as_targets(answers)

    def _keep(self, index: Tensor | slice, answers: list[Tensor]) -> None:
        if not self._answers:
            size = sum(each.nbytes // len(each) for each in answers) * self._num_images
            if size > self._room:
                self._room = 0
                return
            self._answers = [each.new_empty(self._num_images, *each.shape[1:]) for each in answers]
        for kept, each in zip(self._answers, answers, strict=True):
            kept[index] = each
        self._known[index] = True
