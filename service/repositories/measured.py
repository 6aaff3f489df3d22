"""Measured students of a library, as a trade-off curve shows them."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from candidates.candidate import Estimate
from candidates.value import Value
from search.selection import Selection
from service.tables import MeasurementRow, StudentRow


class MeasuredStudentRecord(Value):
    """A student with its accuracy after the refit and the teacher's, on the same images."""

    id: str
    strategy: str
    selection: Selection
    refitted: Estimate
    teacher: Estimate


def of_library(session: Session, library_id: str) -> tuple[MeasuredStudentRecord, ...]:
    """All of them, oldest student first."""
    columns = (
        StudentRow.id, StudentRow.strategy, StudentRow.selection,
        MeasurementRow.refitted, MeasurementRow.teacher,
    )  # fmt: skip
    query = select(*columns).join(MeasurementRow, MeasurementRow.student_id == StudentRow.id)
    conditions = (StudentRow.library_id == library_id, MeasurementRow.state == "ready")
    return tuple(
        MeasuredStudentRecord(
            id=row.id,
            strategy=row.strategy,
            selection=Selection.model_validate(row.selection),
            refitted=Estimate.model_validate(row.refitted),
            teacher=Estimate.model_validate(row.teacher),
        )
        for row in session.execute(query.where(*conditions).order_by(StudentRow.id))
    )


def version(session: Session, library_id: str) -> str:
    """Changes whenever a student of the library becomes measured, or a measured one goes."""
    query = select(func.count(), func.max(MeasurementRow.id)).join(
        StudentRow, MeasurementRow.student_id == StudentRow.id
    )
    conditions = (StudentRow.library_id == library_id, MeasurementRow.state == "ready")
    count, latest = session.execute(query.where(*conditions)).one()
    return f"{count} {latest}"
