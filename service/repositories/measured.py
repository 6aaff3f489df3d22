"""Measured students of a library."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from candidates.candidate import Estimate
from search.selection import Selection
from service.records import MeasuredStudentRecord
from service.tables import JobRow, MeasurementRow, StudentRow


def of_library(session: Session, library_id: str) -> tuple[MeasuredStudentRecord, ...]:
    """All of them, oldest student first."""
    columns = (
        StudentRow.id, StudentRow.origin, StudentRow.strategy, StudentRow.selection,
        MeasurementRow.refitted, MeasurementRow.teacher,
    )  # fmt: skip
    query = select(*columns).join(MeasurementRow, MeasurementRow.student_id == StudentRow.id)
    conditions = (StudentRow.library_id == library_id, MeasurementRow.state == "ready")
    return tuple(
        MeasuredStudentRecord(
            id=row.id,
            origin=row.origin,
            strategy=row.strategy,
            selection=Selection.model_validate(row.selection),
            refitted=Estimate.model_validate(row.refitted),
            teacher=Estimate.model_validate(row.teacher),
        )
        for row in session.execute(query.where(*conditions).order_by(StudentRow.id))
    )


def num_since(session: Session, library_id: str, moment: datetime) -> int:
    """How many selected students were measured by jobs that ended later, or have not ended."""
    query = select(func.count()).select_from(MeasurementRow)
    query = query.join(StudentRow, MeasurementRow.student_id == StudentRow.id)
    query = query.join(JobRow, MeasurementRow.job_id == JobRow.id)
    return session.scalars(
        query.where(
            StudentRow.library_id == library_id,
            StudentRow.origin == "selection",
            MeasurementRow.state == "ready",
            or_(JobRow.finished_at.is_(None), JobRow.finished_at > moment),
        )
    ).one()
