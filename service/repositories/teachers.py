"""Teachers."""

from datetime import UTC, datetime

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.candidate import Cost, identity
from candidates.graph.neighbourhood import Split
from candidates.licence import Licence
from candidates.recipe import TeacherRecipe
from candidates.value import Value
from service.records import StoredFile, TeacherRecord
from service.repositories import jobs, prepared
from service.repositories.ids import new_id
from service.repositories.pages import (
    Listing,
    Page,
    Sort,
    by_creation,
    matching,
    rows_of_page,
)
from service.repositories.prepared import Posted
from service.tables import LibraryRow, TeacherRow

KIND = "teacher"


class NewTeacher(Value):
    """A recipe and a posted file that is in the store already; its licence, if it was told."""

    name: str = Field(min_length=1, max_length=200)
    recipe: TeacherRecipe
    weights: StoredFile
    licence: Licence | None = None


class CheckedTeacher(Value):
    """What is known of a teacher once it was loaded and cut; `network` is its own file."""

    network: StoredFile
    num_classes: int
    split: Split
    cost: Cost
    fixed_cost: Cost


def post(session: Session, new: NewTeacher) -> Posted[TeacherRecord]:
    """The teacher with its job; the one that is there if recipe and posted file are the same.

    The licence that was told last holds, so a forgotten or wrong one is set right by posting again.
    """
    digest = identity(recipe=new.recipe.model_dump(mode="json"), weights=new.weights.sha256)
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(TeacherRow).where(TeacherRow.digest == digest).with_for_update()
        ),
        lambda: _insert(session, new, digest),
        lambda row: _job(session, row.id),
    )
    if new.licence is not None:
        row.licence = new.licence
    return Posted(record=_record(row), made=made)


def get(session: Session, teacher_id: str) -> TeacherRecord:
    """Raises UnknownResource."""
    return _record(prepared.row_of(session, TeacherRow, KIND, teacher_id))


def get_ready(session: Session, teacher_id: str) -> TeacherRecord:
    """Raises UnknownResource, ResourceNotReady."""
    return _record(prepared.ready_row_of(session, TeacherRow, KIND, teacher_id))


def listing(
    session: Session,
    page: Page,
    state: str | None = None,
    name: str | None = None,
    sort: Sort = "-created_at",
) -> Listing[TeacherRecord]:
    """Those that match everything that is given."""
    conditions = matching({TeacherRow.state: state, TeacherRow.name: name})
    order = by_creation(TeacherRow, sort)
    rows, following = rows_of_page(session, TeacherRow, page, *conditions, order=order)
    return Listing(items=tuple(map(_record, rows)), next=following)


def delete(session: Session, teacher_id: str) -> None:
    """Raises UnknownResource, ResourceInUse."""
    prepared.delete(session, TeacherRow, KIND, teacher_id, (LibraryRow.teacher_id, "libraries"))


def finish(session: Session, teacher_id: str, checked: CheckedTeacher) -> None:
    """Note the teacher's own file and how it was cut; the job's end makes it ready."""
    row = prepared.row_of(session, TeacherRow, KIND, teacher_id)
    row.network_sha256 = checked.network.sha256
    row.network_size_bytes = checked.network.size_bytes
    row.num_classes = checked.num_classes
    row.split = checked.split.model_dump(mode="json")
    row.cost = checked.cost.model_dump(mode="json")
    row.fixed_cost = checked.fixed_cost.model_dump(mode="json")


def _insert(session: Session, new: NewTeacher, digest: str) -> TeacherRow:
    teacher_id = new_id(KIND)
    return TeacherRow(
        id=teacher_id,
        created_at=datetime.now(UTC),
        name=new.name,
        digest=digest,
        recipe=new.recipe.model_dump(mode="json"),
        weights_sha256=new.weights.sha256,
        weights_size_bytes=new.weights.size_bytes,
        state="pending",
        job_id=_job(session, teacher_id),
    )


def _job(session: Session, teacher_id: str) -> str:
    unit = jobs.NewUnit(kind=KIND, payload={KIND: teacher_id})
    return jobs.add(session, KIND, teacher_id, [unit])


def _record(row: TeacherRow) -> TeacherRecord:
    return TeacherRecord(
        **prepared.common(row),
        name=row.name,
        licence=row.licence,
        recipe=TeacherRecipe.model_validate(row.recipe),
        weights=StoredFile(sha256=row.weights_sha256, size_bytes=row.weights_size_bytes),
        network=prepared.stored(row.network_sha256, row.network_size_bytes),
        num_classes=row.num_classes,
        split=Split.model_validate(row.split) if row.split else None,
        cost=Cost.model_validate(row.cost) if row.cost else None,
        fixed_cost=Cost.model_validate(row.fixed_cost) if row.fixed_cost else None,
    )
