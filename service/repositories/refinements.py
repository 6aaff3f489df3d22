"""Refinements of students."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.candidate import Estimate, identity
from candidates.recipe import LibraryRecipe
from candidates.refinement_settings import RefinementSettings
from candidates.value import Value
from service.records import RefinementRecord, StoredFile
from service.repositories import jobs, measurements, prepared, shares, students
from service.repositories.ids import new_id
from service.repositories.measurements import Measured
from service.repositories.pages import Listing, Page, rows_of_page
from service.repositories.prepared import Posted
from service.suitability import check_refinable
from service.tables import DatasetRow, LibraryRow, RefinementRow, StudentRow, TeacherRow

KIND = "refinement"


class Refined(Value):
    """What a refinement made, and what it reaches; see `RefinementRecord`."""

    file: StoredFile
    before: Estimate
    after: Estimate
    gain: Estimate
    teacher: Estimate


def post(
    session: Session, student_id: str, settings: RefinementSettings
) -> Posted[RefinementRecord]:
    """The refinement with its job, or the one that is there for the same student and settings.

    Raises UnknownResource, ResourceNotReady where the student's library, teacher or data set was
    outdated since, and InvalidRecipe where the library's recipe lets nothing be refined.
    """
    student = prepared.row_of(session, StudentRow, students.KIND, student_id)
    _check_ready(session, student.library_id)
    digest = identity(student=student_id, settings=settings.model_dump(mode="json"))
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(RefinementRow).where(RefinementRow.digest == digest).with_for_update()
        ),
        lambda: _insert(session, student_id, digest, settings),
        lambda row: _job(session, student_id, row.id),
    )
    return Posted(record=_record(row), made=made)


def get(session: Session, refinement_id: str) -> RefinementRecord:
    """Raises UnknownResource."""
    return _record(prepared.row_of(session, RefinementRow, KIND, refinement_id))


def listing(session: Session, page: Page, student_id: str) -> Listing[RefinementRecord]:
    """Newest first."""
    mine = RefinementRow.student_id == student_id
    rows, following = rows_of_page(session, RefinementRow, page, mine)
    return Listing(items=tuple(map(_record, rows)), next=following)


def finish(session: Session, refinement_id: str, refined: Refined) -> None:
    """Add the student that was made, measured; the job's end makes the refinement ready."""
    row = prepared.row_of(session, RefinementRow, KIND, refinement_id)
    parent = prepared.row_of(session, StudentRow, students.KIND, row.student_id)
    row.result_id = students.add_refined(session, parent, row.digest, refined.file)
    row.before = refined.before.model_dump()
    row.after = refined.after.model_dump()
    row.gain = refined.gain.model_dump()
    measured = Measured(
        assembled=refined.after,
        refitted=refined.after,
        teacher=refined.teacher,
        file=refined.file,
    )
    measurements.add_ready(session, row.result_id, row.job_id, measured)


def _check_ready(session: Session, library_id: str) -> None:
    library = prepared.ready_row_of(session, LibraryRow, "library", library_id)
    check_refinable(LibraryRecipe.model_validate(library.recipe))
    prepared.ready_row_of(session, TeacherRow, "teacher", library.teacher_id)
    if library.dataset_id is not None:
        prepared.ready_row_of(session, DatasetRow, "dataset", library.dataset_id)


def _insert(
    session: Session, student_id: str, digest: str, settings: RefinementSettings
) -> RefinementRow:
    refinement_id = new_id(KIND)
    return RefinementRow(
        id=refinement_id,
        created_at=datetime.now(UTC),
        student_id=student_id,
        digest=digest,
        settings=settings.model_dump(mode="json"),
        state="pending",
        job_id=_job(session, student_id, refinement_id),
    )


def _job(session: Session, student_id: str, refinement_id: str) -> str:
    unit = jobs.NewUnit(kind=KIND, payload={KIND: refinement_id})
    share = shares.of_student(session, student_id)
    return jobs.add(session, KIND, refinement_id, [unit], share)


def _record(row: RefinementRow) -> RefinementRecord:
    return RefinementRecord(
        **prepared.common(row),
        student_id=row.student_id,
        settings=RefinementSettings.model_validate(row.settings),
        before=_estimate(row.before),
        after=_estimate(row.after),
        gain=_estimate(row.gain),
        result_id=row.result_id,
    )


def _estimate(value: dict[str, Any] | None) -> Estimate | None:
    return None if value is None else Estimate.model_validate(value)
