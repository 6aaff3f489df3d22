"""Bodies of students."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from candidates.candidate import Cost, Estimate
from candidates.export.formats import FORMATS, FormatName
from candidates.export.needs import lacking
from candidates.kinds.registry import Knobs
from search.budget import Budget
from search.predictor import Prediction
from search.settings import SearchSettings, TorchFreeSampler
from search.strategies import StrategyName
from service.bodies.answers import AnswerBody
from service.bodies.common import LABELS_FROM, Resource, Worked, worked_fields
from service.bodies.refinements import BetterBody
from service.records import (
    CandidateRecord,
    LabelsFrom,
    MeasurementRecord,
    StoredFile,
    StudentRecord,
    TeacherRecord,
)


class NewStudentBody(SearchSettings):
    """What a student is wanted for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"library": "library_0199f3c2a1b4c0ffee00", "budget": {"parameters": 150_000}}
            ]
        }
    )

    library: str = Field(description="Id of a library that is ready.")
    budget: Budget = Field(
        description="Upper limits, each a number or a share of the teacher like '50%'. With "
        "accuracy_drop and no cost that adds up, the student of least 'minimise' is wanted."
    )
    strategy: StrategyName = Field(
        default="exact",
        description="exact proves its answer, or tells its gap; greedy exchanges where most cost "
        "is saved for each nat; threshold is the paper's rule; optuna proposes, within so many "
        "trials; uniform takes the same width everywhere. All take any limits.",
    )
    sampler: TorchFreeSampler = Field(
        default="tpe",
        description="How optuna proposes.",
        exclude_if=lambda sampler: sampler == "tpe",
    )
    refine: bool = Field(
        default=False,
        description="Begin at once to refine it in the background, as a POST to its refinements "
        "with nothing but defaults would.",
    )

    @property
    def settings(self) -> SearchSettings:
        """What the strategy is told; what it does not look at does not make another student."""
        looked_at = {"top", "time_limit_s"}
        if self.strategy == "optuna":
            looked_at |= {"seed", "trials", "sampler"}
        return SearchSettings(**self.model_dump(include=looked_at))


class Chosen(BaseModel):
    """The candidate that was chosen for a neighbourhood."""

    neighbourhood: str
    candidate: str
    kind: str
    knobs: Knobs


class CheckpointBody(StoredFile):
    """A student's file."""

    url: str = Field(description="Where to download it.")


class MeasurementBody(Worked):
    """Accuracies in percent on the reporting images; known once it is ready."""

    assembled: Estimate | None = Field(description="As the candidates were put together.")
    refitted: Estimate | None = Field(description="After the sequential refit.")
    teacher: Estimate | None
    checkpoint: CheckpointBody | None = Field(description="The refitted student's file.")

    @classmethod
    def of(cls, record: MeasurementRecord, note: str | None = None) -> "MeasurementBody":
        """What is shown of a record."""
        file = record.file
        return cls(
            **worked_fields(record),
            assembled=record.assembled,
            refitted=record.refitted,
            teacher=record.teacher,
            checkpoint=None if file is None else _refitted(record.student_id, file),
            note=note,
        )


class StudentBody(Resource):
    """A student: what was asked for, what was chosen, what it costs and what it reaches."""

    library: str
    teacher: str
    licence: str | None = Field(description="The teacher's, whose weights these are.")
    parent: str | None = Field(description="The student of which this one is a refinement.")
    origin: Literal["selection", "refinement"] = Field(description="What made it.")
    budget: Budget
    strategy: str
    search: str | None = Field(description="The measured search that it came of, if it did.")
    seed: int
    trials: int
    selection: list[Chosen] = Field(description="From input to output.")
    cost: Cost
    teacher_cost: Cost
    loss: float = Field(description="Summed KL of the partial models, in nats.")
    predicted_accuracy: Prediction | Estimate = Field(
        description="In percent; students made before intervals were told have none."
    )
    labels_from: LabelsFrom = Field(description=LABELS_FROM)
    answer: AnswerBody | None = Field(
        description="What the strategy says of the selection; null for students that were made "
        "before it was kept."
    )
    measurement: MeasurementBody | None
    better: BetterBody | None = Field(
        description="The best of the students that were refined from this one, if it is "
        "significantly more accurate."
    )
    checkpoint: CheckpointBody
    downloads: dict[FormatName, str] = Field(
        description="Where to download it, by format, in those that this service can write."
    )
    not_offered: dict[FormatName, str] = Field(
        description="Formats that this service cannot write, each with the reason and the way out."
    )

    @classmethod
    def of(
        cls,
        record: StudentRecord,
        context: "StudentContext",
        note: str | None = None,
    ) -> "StudentBody":
        """What is shown of a record."""
        answer, measurement, better = record.answer, record.measurement, record.better
        return cls(
            id=record.id,
            created_at=record.created_at,
            library=record.library_id,
            teacher=context.teacher_id,
            licence=context.licence,
            parent=record.parent_id,
            origin=record.origin,
            budget=record.budget,
            strategy=record.strategy,
            search=record.search_id,
            seed=record.settings.seed,
            trials=record.settings.trials,
            selection=[_chosen(context.candidates[id]) for id in record.selection.choices],
            cost=record.selection.cost,
            teacher_cost=context.teacher_cost,
            loss=record.selection.loss,
            predicted_accuracy=record.selection.predicted_accuracy,
            labels_from=record.labels_from,
            answer=None if answer is None else AnswerBody.of(answer),
            measurement=None if measurement is None else MeasurementBody.of(measurement),
            better=None if better is None else BetterBody.of(better),
            checkpoint=_checkpoint(record.id, record.file),
            downloads={
                name: f"{_url(record.id)}?format={name}"
                for name in FORMATS
                if name not in lacking()
            },
            not_offered=dict(lacking()),
            note=note,
        )


@dataclass(frozen=True)
class StudentContext:
    """What a student's body needs beside its record; `candidates` by id."""

    teacher_id: str
    licence: str | None
    teacher_cost: Cost
    candidates: Mapping[str, CandidateRecord]

    @classmethod
    def of(cls, teacher: TeacherRecord, chosen: Iterable[CandidateRecord]) -> "StudentContext":
        """Of a ready teacher and the candidates that the student is made of."""
        assert teacher.cost is not None, "a ready teacher has been measured"
        return cls(teacher.id, teacher.licence, teacher.cost, {part.id: part for part in chosen})


def _chosen(record: CandidateRecord) -> Chosen:
    return Chosen(
        neighbourhood=record.candidate.neighbourhood,
        candidate=record.id,
        kind=record.candidate.kind,
        knobs=record.candidate.knobs,
    )


def _checkpoint(student_id: str, file: StoredFile) -> CheckpointBody:
    return CheckpointBody(url=_url(student_id), **dict(file))


def _refitted(student_id: str, file: StoredFile) -> CheckpointBody:
    return CheckpointBody(url=f"{_url(student_id)}?refitted=true", **dict(file))


def _url(student_id: str) -> str:
    return f"/v1/students/{student_id}/checkpoint"
