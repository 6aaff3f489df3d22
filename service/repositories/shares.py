"""Shares: for which teacher a job works, so that none has to wait for another's."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.tables import LibraryRow, StudentRow


def of_library(session: Session, library_id: str) -> str:
    """The id of a library's teacher."""
    return session.scalars(select(LibraryRow.teacher_id).where(LibraryRow.id == library_id)).one()


def of_student(session: Session, student_id: str) -> str:
    """The id of the teacher that a student imitates."""
    library_id = select(StudentRow.library_id).where(StudentRow.id == student_id)
    return of_library(session, session.scalars(library_id).one())
