"""What the tables of things that jobs make have in common: posting, restarting, deleting."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from candidates.value import Value
from service.failures import ResourceInUse, ResourceNotReady, UnknownResource
from service.records import Failure, StoredFile
from service.tables import (
    Base,
    DatasetRow,
    LibraryRow,
    MeasurementRow,
    RefinementRow,
    SearchRow,
    SurveyRow,
    TeacherRow,
)

Item = TypeVar("Item")
AnyRow = TypeVar("AnyRow", bound=Base)
Row = TypeVar(
    "Row",
    DatasetRow,
    TeacherRow,
    LibraryRow,
    MeasurementRow,
    RefinementRow,
    SurveyRow,
    SearchRow,
)


class Posted(Value, Generic[Item]):
    """What stands after a POST; `made` is False when it had been there before."""

    record: Item
    made: bool


def begin(
    session: Session,
    same: Callable[[], Row | None],
    insert: Callable[[], Row],
    restart: Callable[[Row], str],
) -> tuple[Row, bool]:
    """The row that `same` finds, else a new one; a failed one starts anew with `restart`'s job.

    Of several that insert the same at once, one makes it and the others find it.
    """
    row = same()
    if row is None:
        try:
            with session.begin_nested():
                row = insert()
                session.add(row)
                session.flush()
            return row, True
        except IntegrityError:
            row = same()
            if row is None:
                raise
    if row.state != "failed":
        return row, False
    row.job_id, row.state, row.error = restart(row), "pending", None
    session.flush()
    return row, True


def row_of(session: Session, table: type[AnyRow], kind: str, row_id: str) -> AnyRow:
    """Raises UnknownResource."""
    row = session.get(table, row_id)
    if row is None:
        raise UnknownResource(kind, row_id)
    return row


def ready_row_of(session: Session, table: type[Row], kind: str, row_id: str) -> Row:
    """Raises UnknownResource, ResourceNotReady."""
    row = row_of(session, table, kind, row_id)
    if row.state != "ready":
        raise ResourceNotReady(kind, row_id, row.state)
    return row


def delete(
    session: Session,
    table: type[Row],
    kind: str,
    row_id: str,
    *users: tuple[InstrumentedAttribute[Any], str],
) -> None:
    """Each of `users` is a column that may refer to the row, and the plural of what has it.

    Raises UnknownResource, and ResourceInUse while a job makes the row or something refers to it.
    """
    row = session.get(table, row_id, with_for_update=True)
    if row is None:
        raise UnknownResource(kind, row_id)
    if row.state == "pending":
        raise ResourceInUse(
            f"The {kind} '{row_id}' is still being made. Cancel its job '{row.job_id}' first."
        )
    for column, plural in users:
        count = session.scalar(select(func.count()).where(column == row_id))
        if count:
            raise ResourceInUse(
                f"The {kind} '{row_id}' is in use; {plural} that refer to it: {count}. "
                "Delete those first."
            )
    session.delete(row)
    session.flush()


def common(row: Row) -> dict[str, Any]:
    """The fields of every `Prepared` record."""
    return {
        "id": row.id,
        "state": row.state,
        "error": row.error and Failure.model_validate(row.error),
        "job_id": row.job_id,
        "created_at": row.created_at,
    }


def stored(sha256: str | None, size_bytes: int | None) -> StoredFile | None:
    """The file that two columns name, once both are known."""
    if sha256 is None or size_bytes is None:
        return None
    return StoredFile(sha256=sha256, size_bytes=size_bytes)
