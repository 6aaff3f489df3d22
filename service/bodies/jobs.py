"""Bodies of jobs."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service import records
from service.errors import Problem, problem_of_failure
from service.job_events import JobEvent
from service.records import JobRecord, Progress, WorkState


class EarlierError(Problem):
    """Why a job had ended before it was tried again."""

    at: datetime

    @classmethod
    def of_failure(cls, failure: records.EarlierError) -> "EarlierError":
        """What is shown of a record."""
        shown = problem_of_failure(failure)
        assert shown is not None
        return cls(at=failure.at, **shown.model_dump())


class JobEventBody(BaseModel):
    """A job came into a state."""

    state: WorkState
    at: datetime | None = Field(description="Null where nobody noted when.")
    error: Problem | None = Field(description="Why it failed, if it did.")

    @classmethod
    def of(cls, event: JobEvent) -> "JobEventBody":
        """What is shown of an event."""
        return cls(state=event.state, at=event.at, error=problem_of_failure(event.error))


class Amendment(BaseModel):
    """What is to change of a job; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"priority": 10, "deadline": "2030-01-31T12:00:00Z"}]},
    )

    priority: int = Field(
        default=0, ge=-100, le=100, description="Jobs with a higher one go first; 0 at first."
    )
    deadline: AwareDatetime | None = Field(
        default=None,
        description="When the job fails if it is not done, as ISO 8601 with a zone; null: never.",
    )


class JobBody(BaseModel):
    """Work that makes something; `progress` weighs its units by their expected work."""

    id: str
    kind: str = Field(description="dataset, teacher, library, measurement or refinement.")
    resource: str = Field(description="Id of what it makes.")
    state: WorkState
    progress: Progress
    share: float = Field(description="How much of its work is done, from 0 to 1.")
    eta_seconds: float | None = Field(description="Expected time to the end, if it can be told.")
    error: Problem | None = Field(description="Why it failed, if it did.")
    earlier_errors: list[EarlierError] = Field(
        description="Why it had ended before it was tried again."
    )
    priority: int = Field(description="Jobs with a higher one go first.")
    deadline: datetime | None = Field(description="When it fails if it is not done.")
    units: dict[WorkState, int] = Field(description="Units of work by state.")
    stopping: bool = Field(description="By a cancellation, or because a unit failed.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, record: JobRecord) -> "JobBody":
        """What is shown of a record."""
        return cls(
            id=record.id,
            kind=record.kind,
            resource=record.resource_id,
            state=record.state,
            progress=record.progress,
            share=record.share,
            eta_seconds=record.eta_seconds,
            error=problem_of_failure(record.error),
            earlier_errors=[EarlierError.of_failure(each) for each in record.earlier_errors],
            priority=record.priority,
            deadline=record.deadline,
            units=record.units,
            stopping=record.stopping,
            created_at=record.created_at,
            started_at=record.started_at,
            finished_at=record.finished_at,
        )
