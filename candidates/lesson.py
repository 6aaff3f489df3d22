"""Lesson: what a student learns from whom, and how."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from torch import nn

from candidates.training import Loss, cross_entropy, distillation
from candidates.training_recipe import TrainingRecipe
from candidates.value import Value


class Files(Value):
    """Where things are, and where the result goes."""

    student: Path
    teacher: Path
    images: Path
    out: Path
    curves: Path | None = None


class Lesson(Value):
    """What a student learns from whom, and how."""

    recipe: TrainingRecipe
    objective: Literal["distil", "labels"] = "distil"
    temperature: float = Field(default=2.5, gt=0, description="τ of Eq. 3.")
    label_weight: float = Field(default=1.0, ge=0, description="λ of Eq. 3.")
    from_scratch: bool = Field(default=False, description="From random weights.")
    noise: float = Field(default=0, ge=0, description="σ of noise behind neighbourhoods.")
    look_every: int = Field(default=0, ge=0, description="In steps; 0: after every epoch.")

    def shifting(self, translation: int) -> "Lesson":
        """The same with another largest shift, in pixels."""
        recipe = self.recipe.model_copy(update={"translation": translation})
        return self.model_copy(update={"recipe": recipe})

    def loss(self, teacher: nn.Module) -> Loss:
        """What is minimised."""
        if self.objective == "labels":
            return cross_entropy
        return distillation(teacher, self.temperature, self.label_weight)
