"""Wishes: what a pipeline asks for."""

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from candidates.complaint import Complaint
from candidates.recipe import LibraryRecipe, TeacherRecipe
from search.budget import Budget, CostAxis

UNSAFE = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True)
class Wish:
    """A student, by what it may cost; `text` is how the pipeline wrote it."""

    text: str
    budget: Budget

    @classmethod
    def of(cls, text: str) -> "Wish":
        """From limits like `parameters=50%` or `latency_ms=4,device=phone`; raises ValueError."""
        limits = dict(_limit(each) for each in text.split(","))
        try:
            return cls(text, Budget.model_validate(limits))
        except ValidationError as exc:
            raise ValueError(f"'{text}' is no budget: {Complaint.of(exc).why}.") from exc

    @property
    def file_name(self) -> str:
        """Of the student's file."""
        return f"student-{UNSAFE.sub('-', self.text).strip('-')}.safetensors"

    @property
    def axis(self) -> CostAxis:
        """On which a curve shows it."""
        axes = self.budget.cost_axes
        return axes[0] if axes else self.budget.minimise


@dataclass(frozen=True)
class Wishes:
    """A teacher, how its library is to be made, and the students of it that are wanted.

    `dataset` is an id, or the name of one that is ready; none where inputs are made up.
    """

    name: str
    weights: Path
    recipe: TeacherRecipe
    dataset: str | None
    library: LibraryRecipe
    students: tuple[Wish, ...]


def _limit(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"'{text}' is no limit: write it like parameters=50%.")
    return name.strip(), value.strip()
