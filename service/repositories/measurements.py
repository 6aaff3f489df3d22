"""Measurements of students."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from candidates.candidate import Estimate
from candidates.value import Value
from service.records import MeasurementRecord, StoredFile
from service.repositories import jobs, prepared, shares
from service.repositories.ids import new_id
from service.repositories.prepared import Posted
from service.tables import LibraryRow, MeasurementRow, StudentRow

KIND = "measurement"


class Measured(Value):
    """Accuracies in percent on the reporting images, and the file after the refit."""

    assembled: Estimate
    refitted: Estimate
    teacher: Estimate
    file: StoredFile


def post(session: Session, student_id: str) -> Posted[MeasurementRecord]:
    """The student's measurement with its job, or the one that is there. UnknownResource."""
    prepared.row_of(session, StudentRow, "student", student_id)
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(MeasurementRow).where(MeasurementRow.student_id == student_id).with_for_update()
        ),
        lambda: _insert(session, student_id),
        lambda row: _job(session, student_id, row.id),
    )
    return Posted(record=record_of(row), made=made)


def join(session: Session, student_ids: Sequence[str], job_id: str) -> None:
    """Let a job, which has not ended, measure those of the students that neither are measured nor
    about to be.
    """
    query = select(MeasurementRow).where(MeasurementRow.student_id.in_(student_ids))
    known = {row.student_id: row for row in session.scalars(query.with_for_update())}
    for student_id in dict.fromkeys(student_ids):
        row = known.get(student_id)
        if row is None:
            row = _new(student_id, new_id(KIND), job_id)
            session.add(row)
        elif row.state == "failed":
            row.job_id, row.state, row.error = job_id, "pending", None
        else:
            continue
        jobs.add_units(session, job_id, [_unit(row.id)])


def get(session: Session, measurement_id: str) -> MeasurementRecord:
    """Raises UnknownResource."""
    return record_of(prepared.row_of(session, MeasurementRow, KIND, measurement_id))


def of_students(session: Session, student_ids: Sequence[str]) -> dict[str, MeasurementRecord]:
    """By student, for those that were ever to be measured."""
    query = select(MeasurementRow).where(MeasurementRow.student_id.in_(student_ids))
    return {row.student_id: record_of(row) for row in session.scalars(query)}


def finish(session: Session, measurement_id: str, measured: Measured) -> None:
    """Note what was measured; the measurement is ready, whatever else its job is to do."""
    row = prepared.row_of(session, MeasurementRow, KIND, measurement_id)
    row.state = "ready"
    _fill(row, measured)
    note_change(session, row.student_id)


def add_ready(session: Session, student_id: str, job_id: str, measured: Measured) -> None:
    """The measurement of a student that the job which made it has measured as well."""
    row = MeasurementRow(
        id=new_id(KIND),
        created_at=datetime.now(UTC),
        student_id=student_id,
        state="ready",
        job_id=job_id,
    )
    _fill(row, measured)
    session.add(row)
    session.flush()
    note_change(session, student_id)


def note_change(session: Session, student_id: str) -> None:
    """Count that what is measured of a student's library changes."""
    library_id = select(StudentRow.library_id).where(StudentRow.id == student_id)
    changed = update(LibraryRow).where(LibraryRow.id == library_id.scalar_subquery())
    session.execute(
        changed.values(num_remeasured=LibraryRow.num_remeasured + 1),
        execution_options={"synchronize_session": False},
    )


def record_of(row: MeasurementRow) -> MeasurementRecord:
    """The same as a plain value, for those who have the row already."""
    return MeasurementRecord(
        **prepared.common(row),
        student_id=row.student_id,
        assembled=_estimate(row.assembled),
        refitted=_estimate(row.refitted),
        teacher=_estimate(row.teacher),
        file=prepared.stored(row.refitted_sha256, row.refitted_size_bytes),
    )


def _fill(row: MeasurementRow, measured: Measured) -> None:
    row.assembled = measured.assembled.model_dump()
    row.refitted = measured.refitted.model_dump()
    row.teacher = measured.teacher.model_dump()
    row.refitted_sha256 = measured.file.sha256
    row.refitted_size_bytes = measured.file.size_bytes


def _insert(session: Session, student_id: str) -> MeasurementRow:
    measurement_id = new_id(KIND)
    return _new(student_id, measurement_id, _job(session, student_id, measurement_id))


def _new(student_id: str, measurement_id: str, job_id: str) -> MeasurementRow:
    return MeasurementRow(
        id=measurement_id,
        created_at=datetime.now(UTC),
        student_id=student_id,
        state="pending",
        job_id=job_id,
    )


def _job(session: Session, student_id: str, measurement_id: str) -> str:
    share = shares.of_student(session, student_id)
    return jobs.add(session, KIND, measurement_id, [_unit(measurement_id)], share)


def _unit(measurement_id: str) -> jobs.NewUnit:
    return jobs.NewUnit(kind=KIND, payload={KIND: measurement_id})


def _estimate(value: dict[str, float] | None) -> Estimate | None:
    return None if value is None else Estimate.model_validate(value)
