"""Bodies of libraries, their candidates and their trade-off curves."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from candidates.candidate import Candidate, Cost, Estimate
from candidates.recipe import LibraryRecipe
from search.budget import CostAxis
from search.selection import Selection
from service.bodies.common import Made, made_fields
from service.bodies.splits import SplitSummary
from service.records import CandidateRecord, LibraryRecord, Progress


class NewLibraryBody(LibraryRecipe):
    """How a library is to be made; every setting beside the data set has a default."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"dataset": "dataset_0199f3c2a1b4c0ffee00", "steps": 50, "seed": 0}]
        }
    )

    dataset: str = Field(description="Id of the data set to calibrate and score on.")

    @property
    def recipe(self) -> LibraryRecipe:
        """The settings alone."""
        return LibraryRecipe.model_validate(self.model_dump(exclude={"dataset"}))


class LibraryBody(Made):
    """All candidates of a teacher under one recipe and one data set."""

    teacher: str
    dataset: str
    recipe: LibraryRecipe
    split: SplitSummary | None = Field(
        description="At the library's granularity; other than block, known after the first unit."
    )
    progress: Progress = Field(description="Candidates that are scored, of all.")
    teacher_accuracy: Estimate | None = Field(
        description="In percent on the scoring images; known once these were seen."
    )

    @classmethod
    def of(cls, record: LibraryRecord, note: str | None = None) -> "LibraryBody":
        """What is shown of a record."""
        return cls(
            **made_fields(record),
            teacher=record.teacher_id,
            dataset=record.dataset_id,
            recipe=record.recipe,
            split=SplitSummary.of(record.split),
            progress=record.progress,
            teacher_accuracy=record.teacher_accuracy,
            note=note,
        )


class CandidateBody(Candidate):
    """A scored candidate."""

    id: str
    weights_sha256: str

    @classmethod
    def of(cls, record: CandidateRecord) -> "CandidateBody":
        """What is shown of a record."""
        return cls(id=record.id, weights_sha256=record.weights_sha256, **dict(record.candidate))


class CurvePoint(BaseModel):
    """A selection on the curve."""

    cost: Cost
    loss: float = Field(description="Summed KL of the partial models, in nats.")
    predicted_accuracy: Estimate
    choices: tuple[str, ...] = Field(description="Candidate ids, from input to output.")


class TradeOffCurve(BaseModel):
    """The selections that no other beats on cost and loss, and the uniform ones beside them."""

    axis: CostAxis
    teacher_cost: Cost
    teacher_accuracy: Estimate
    num_undominated: int = Field(description="How many there are; `points` may be fewer of them.")
    points: list[CurvePoint] = Field(description="By ascending cost, evenly picked, both ends in.")
    uniform: list[CurvePoint] = Field(description="The same multiplier everywhere.")


def curve_points(selections: Sequence[Selection]) -> list[CurvePoint]:
    """Selections as they are shown on a curve."""
    return [CurvePoint.model_validate(selection.model_dump()) for selection in selections]
