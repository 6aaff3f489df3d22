"""What the bodies of all resources share."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from service.errors import Problem, problem_of_failure
from service.records import Outcome, Prepared, State

Item = TypeVar("Item")


LABELS_FROM = (
    "Whose answers accuracies count as right: those of the data set; or, where no image was read, "
    "the teacher's own on made-up images, so that an accuracy is the agreement with it."
)


class Items(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(description="Pass it as `cursor` for the next page; null on the last.")


class Resource(BaseModel):
    """What every resource shows."""

    id: str
    created_at: datetime
    note: str | None = Field(
        default=None, description="Something worth knowing about this answer, as a sentence."
    )


class Worked(Resource):
    """A resource that a job works on, and that goes on where it stopped when posted again."""

    state: Outcome = Field(
        description="pending until its job ends, then ready, failed or cancelled."
    )
    error: Problem | None = Field(description="Why it failed or was cancelled, if it did.")
    job: str = Field(description="The job that makes it.", examples=["job_0199f3c2a1b4c0ffee00"])


class Made(Worked):
    """A resource that a job makes, by whose state lists can be filtered."""

    state: State = Field(
        description="pending until its job ends, then ready or failed; failed as well if it was "
        "cancelled."
    )


def worked_fields(record: Prepared) -> dict[str, Any]:
    """The fields of a `Worked` body."""
    return {**made_fields(record), "state": record.outcome}


def made_fields(record: Prepared) -> dict[str, Any]:
    """The fields of a `Made` body."""
    return {
        "id": record.id,
        "created_at": record.created_at,
        "state": record.state,
        "error": problem_of_failure(record.error),
        "job": record.job_id,
    }
