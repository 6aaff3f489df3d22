"""Bodies of libraries and their candidates."""

from pydantic import ConfigDict, Field

from candidates.candidate import Candidate, Estimate
from candidates.recipe import LibraryRecipe
from service.bodies.common import LABELS_FROM, Made, made_fields
from service.bodies.splits import SplitSummary
from service.records import CandidateRecord, LabelsFrom, LibraryRecord, Progress


class NewLibraryBody(LibraryRecipe):
    """How a library is to be made; every setting has a default. It needs a data set, or other
    inputs than images.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"dataset": "dataset_0199f3c2a1b4c0ffee00", "steps": 50, "seed": 0}]
        }
    )

    dataset: str | None = Field(
        default=None,
        description="Id of the data set to calibrate and score on; none where inputs are made up.",
    )

    @property
    def recipe(self) -> LibraryRecipe:
        """The settings alone."""
        return LibraryRecipe.model_validate(self.model_dump(exclude={"dataset"}))


class LibraryBody(Made):
    """All candidates of a teacher under one recipe and one data set, or without any image."""

    teacher: str
    dataset: str | None
    data_free: bool = Field(description="Whether it was made without reading any image.")
    labels_from: LabelsFrom = Field(description=LABELS_FROM)
    notes: list[str] = Field(description="What should be known of its figures, as sentences.")
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
            data_free=record.dataset_id is None,
            labels_from=record.labels_from,
            notes=list(record.notes),
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
