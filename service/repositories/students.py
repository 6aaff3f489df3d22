"""Students."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from candidates.candidate import identity
from candidates.value import Value
from search.budget import Budget
from search.selection import Answer, Selection
from search.settings import SearchSettings
from search.strategies import StrategyName
from service.failures import ResourceInUse
from service.records import LabelsFrom, StoredFile, StudentRecord, labels_from
from service.repositories import measurements, prepared, trials
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Page, rows_of_page
from service.repositories.prepared import Posted
from service.tables import LibraryRow, StudentRow

KIND = "student"


class Wish(Value):
    """What a student is asked for; equal wishes are the same student."""

    library_id: str
    budget: Budget
    strategy: StrategyName
    settings: SearchSettings


def find(session: Session, wish: Wish) -> StudentRecord | None:
    """The student that was made for this wish before."""
    query = select(StudentRow).where(StudentRow.digest == _digest(wish))
    row = session.scalar(query)
    return None if row is None else _records(session, [row])[0]


def add(session: Session, wish: Wish, answer: Answer, file: StoredFile) -> Posted[StudentRecord]:
    """The student with its trials; `made` is False if another request was quicker."""
    row = _row(wish, answer.selection, file)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
            trials.add_all(session, row.id, answer.trials)
    except IntegrityError:
        earlier = find(session, wish)
        if earlier is None:
            raise
        return Posted(record=earlier, made=False)
    return Posted(record=_records(session, [row])[0], made=True)


def get(session: Session, student_id: str) -> StudentRecord:
    """Raises UnknownResource."""
    return _records(session, [prepared.row_of(session, StudentRow, KIND, student_id)])[0]


def listing(session: Session, page: Page, library_id: str | None = None) -> Listing[StudentRecord]:
    """Newest first."""
    conditions = [StudentRow.library_id == library_id] if library_id else []
    rows, following = rows_of_page(session, StudentRow, page, *conditions)
    return Listing(items=tuple(_records(session, rows)), next=following)


def delete(session: Session, student_id: str) -> None:
    """With its trials and measurement. Raises UnknownResource; ResourceInUse while measured."""
    row = prepared.row_of(session, StudentRow, KIND, student_id)
    measurement = measurements.of_students(session, [student_id]).get(student_id)
    if measurement is not None and measurement.state == "pending":
        raise ResourceInUse(
            f"The student '{student_id}' is being measured. "
            f"Wait for the job '{measurement.job_id}', or cancel it."
        )
    session.delete(row)
    session.flush()


def _digest(wish: Wish) -> str:
    return identity(**wish.model_dump(mode="json"))


def _row(wish: Wish, selection: Selection, file: StoredFile) -> StudentRow:
    return StudentRow(
        id=new_id(KIND),
        created_at=datetime.now(UTC),
        library_id=wish.library_id,
        digest=_digest(wish),
        budget=wish.budget.model_dump(mode="json", exclude_none=True),
        strategy=wish.strategy,
        settings=wish.settings.model_dump(mode="json"),
        selection=selection.model_dump(mode="json"),
        checkpoint_sha256=file.sha256,
        checkpoint_size_bytes=file.size_bytes,
    )


def _records(session: Session, rows: Sequence[StudentRow]) -> list[StudentRecord]:
    measured = measurements.of_students(session, [row.id for row in rows])
    labels = _labels_from(session, {row.library_id for row in rows})
    return [
        StudentRecord(
            id=row.id,
            library_id=row.library_id,
            labels_from=labels[row.library_id],
            budget=Budget.model_validate(row.budget),
            strategy=row.strategy,
            settings=SearchSettings.model_validate(row.settings),
            selection=Selection.model_validate(row.selection),
            file=StoredFile(sha256=row.checkpoint_sha256, size_bytes=row.checkpoint_size_bytes),
            measurement=measured.get(row.id),
            created_at=row.created_at,
        )
        for row in rows
    ]


def _labels_from(session: Session, library_ids: Collection[str]) -> dict[str, LabelsFrom]:
    """By library."""
    query = select(LibraryRow.id, LibraryRow.dataset_id).where(LibraryRow.id.in_(library_ids))
    return {row.id: labels_from(row.dataset_id) for row in session.execute(query)}
