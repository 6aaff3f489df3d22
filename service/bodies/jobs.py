"""Bodies of jobs."""

from datetime import datetime

from pydantic import BaseModel, Field

from service.errors import Problem, problem_of_failure
from service.records import JobRecord, Progress, WorkState


class JobBody(BaseModel):
    """Work that makes something; `progress` weighs its units by their expected work."""

    id: str
    kind: str = Field(description="dataset, teacher, library, measurement or refinement.")
    resource: str = Field(description="Id of what it makes.")
    state: WorkState
    progress: Progress
    eta_seconds: float | None = Field(description="Expected time to the end, if it can be told.")
    error: Problem | None = Field(description="Why it failed, if it did.")
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
            eta_seconds=record.eta_seconds,
            error=problem_of_failure(record.error),
            units=record.units,
            stopping=record.stopping,
            created_at=record.created_at,
            started_at=record.started_at,
            finished_at=record.finished_at,
        )
