"""Measurements of students."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.candidate import Estimate
from candidates.value import Value
from service.records import MeasurementRecord, StoredFile
from service.repositories import jobs, prepared
from service.repositories.ids import new_id
from service.repositories.prepared import Posted
from service.tables import MeasurementRow, StudentRow

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
        lambda row: _job(session, row.id),
    )
    return Posted(record=_record(row), made=made)


def get(session: Session, measurement_id: str) -> MeasurementRecord:
    """Raises UnknownResource."""
    return _record(prepared.row_of(session, MeasurementRow, KIND, measurement_id))


def of_students(session: Session, student_ids: Sequence[str]) -> dict[str, MeasurementRecord]:
    """By student, for those that were ever to be measured."""
    query = select(MeasurementRow).where(MeasurementRow.student_id.in_(student_ids))
    return {row.student_id: _record(row) for row in session.scalars(query)}


def finish(session: Session, measurement_id: str, measured: Measured) -> None:
    """Note what was measured; the job's end makes the measurement ready."""
    _fill(prepared.row_of(session, MeasurementRow, KIND, measurement_id), measured)


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


def _fill(row: MeasurementRow, measured: Measured) -> None:
    row.assembled = measured.assembled.model_dump()
    row.refitted = measured.refitted.model_dump()
    row.teacher = measured.teacher.model_dump()
    row.refitted_sha256 = measured.file.sha256
    row.refitted_size_bytes = measured.file.size_bytes


def _insert(session: Session, student_id: str) -> MeasurementRow:
    measurement_id = new_id(KIND)
    return MeasurementRow(
        id=measurement_id,
        created_at=datetime.now(UTC),
        student_id=student_id,
        state="pending",
        job_id=_job(session, measurement_id),
    )


def _job(session: Session, measurement_id: str) -> str:
    unit = jobs.NewUnit(kind=KIND, payload={KIND: measurement_id})
    return jobs.add(session, KIND, measurement_id, [unit])


def _record(row: MeasurementRow) -> MeasurementRecord:
    return MeasurementRecord(
        **prepared.common(row),
        student_id=row.student_id,
        assembled=_estimate(row.assembled),
        refitted=_estimate(row.refitted),
        teacher=_estimate(row.teacher),
        file=prepared.stored(row.refitted_sha256, row.refitted_size_bytes),
    )


def _estimate(value: dict[str, float] | None) -> Estimate | None:
    return None if value is None else Estimate.model_validate(value)
