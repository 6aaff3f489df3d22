"""Tuning: what a file's provenance says of its fine-tuning, as sections of its card."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError

from candidates.candidate import Estimate
from candidates.export.facts import Section
from candidates.learnt import Learnt
from candidates.point import Point
from candidates.value import Value

OLDER = "not in this file, which an older version fine-tuned: `student-search measure` tells it"


class Tuning(Value):
    """Of provenance what fine-tuning has left there; `learnt` is missing from older files."""

    history: tuple[Point, ...] = Field(min_length=1)
    learnt: Learnt | None = None

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> "Tuning | None":
        """None where the file was not fine-tuned, or by something else."""
        try:
            return cls.model_validate({name: provenance.get(name) for name in cls.model_fields})
        except ValidationError:
            return None

    def summary(self) -> Section:
        """Accuracy before and after, on how much, and the course in a few points."""
        rows = {"Accuracy afterwards": OLDER} if self.learnt is None else _measured(self.learnt)
        return Section.of("Fine-tuning", {**rows, **_course(self.history)})

    def whole(self) -> Section:
        """Every point of the history."""
        return Section.of(
            "Course of the fine-tuning",
            {f"Step {point.step}": _said(point) for point in self.history},
        )


def _measured(learnt: Learnt) -> dict[str, str]:
    return {
        "Accuracy before": _shown(learnt.before),
        "Accuracy after": _shown(learnt.after),
        "Measured on": f"{learnt.num_images:,} reporting images",
        "Trained for": f"{learnt.num_epochs:.3g} epochs of {learnt.num_training_images:,} images, "
        f"{learnt.num_steps:,} steps",
    }


def _course(history: Sequence[Point]) -> dict[str, str]:
    seen = [point for point in history if point.accuracy is not None]
    best = max(seen, key=lambda point: point.accuracy or 0, default=None)
    told = {"First": history[0], "Best, on held-out images": best, "Last": history[-1]}
    return {name: f"step {point.step:,}: {_said(point)}" for name, point in told.items() if point}


def _said(point: Point) -> str:
    known = "" if point.accuracy is None else f", held-out accuracy {point.accuracy:.2f} %"
    return f"loss {point.loss:.4f}{known}"


def _shown(accuracy: Estimate) -> str:
    return f"{accuracy.value:.2f} ± {accuracy.standard_error:.2f} %"
