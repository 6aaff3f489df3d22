"""Students."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, Row, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from candidates.candidate import Estimate, identity
from candidates.value import Value
from search.budget import Budget
from search.selection import Answer, Selection
from search.settings import SearchSettings
from search.strategies import StrategyName
from service.failures import ResourceInUse, UnknownResource
from service.records import (
    Better,
    MeasurementRecord,
    Origin,
    StoredFile,
    StudentRecord,
    labels_from,
)
from service.repositories import descendants, libraries, measurements, prepared, trials
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
from service.tables import (
    LibraryRow,
    MeasurementRow,
    RefinementRow,
    SearchRow,
    StudentRow,
    TeacherRow,
)

KIND = "student"


class Wish(Value):
    """What a student is asked for; equal wishes are the same student.

    `rank` counts, from 0, the selections that the strategy finds best; `search` names the measured
    search, and the trial of it, of which the student is the outcome.
    """

    library_id: str
    budget: Budget
    strategy: StrategyName
    settings: SearchSettings
    rank: int = Field(default=0, exclude_if=lambda rank: rank == 0)
    search: str | None = Field(default=None, exclude_if=lambda search: search is None)


def find(session: Session, wish: Wish) -> StudentRecord | None:
    """The student that was made for this wish before."""
    found = _records(session, StudentRow.digest == _digest(wish))
    return next(iter(found.values()), None)


def add(session: Session, wish: Wish, answer: Answer, file: StoredFile) -> Posted[StudentRecord]:
    """The student with its trials; `made` is False if another request was quicker."""
    row = _row(wish, answer, file)
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
    return Posted(record=get(session, row.id), made=True)


def get(session: Session, student_id: str) -> StudentRecord:
    """Raises UnknownResource."""
    found = _records(session, StudentRow.id == student_id)
    if not found:
        raise UnknownResource(KIND, student_id)
    return found[student_id]


def several(session: Session, student_ids: Sequence[str]) -> tuple[StudentRecord, ...]:
    """Those of them that there are, in this order."""
    found = _records(session, StudentRow.id.in_(student_ids))
    return tuple(found[each] for each in student_ids if each in found)


class Wanted(Value):
    """Which students are wanted: those that match everything that is given."""

    library_id: str | None = None
    parent_id: str | None = None
    origin: Origin | None = None
    strategy: StrategyName | None = None


ALL = Wanted()


def listing(
    session: Session, page: Page, wanted: Wanted = ALL, sort: Sort = "-created_at"
) -> Listing[StudentRecord]:
    """Newest first, or oldest."""
    conditions = matching({getattr(StudentRow, name): value for name, value in wanted})
    order = by_creation(StudentRow, sort)
    rows, following = rows_of_page(session, StudentRow, page, *conditions, order=order)
    found = several(session, [row.id for row in rows])
    return Listing(items=found, next=following)


def delete(session: Session, student_id: str) -> None:
    """With its trials, its measurement and the refinement that made it.

    Raises UnknownResource; ResourceInUse while it is measured or refined, and as long as there are
    students that came of it.
    """
    row = prepared.row_of(session, StudentRow, KIND, student_id)
    measurement = measurements.of_students(session, [student_id]).get(student_id)
    if measurement is not None and measurement.state == "pending":
        raise ResourceInUse(
            f"The student '{student_id}' is being measured. "
            f"Wait for the job '{measurement.job_id}', or cancel it."
        )
    _check_childless(session, student_id)
    measurements.note_change(session, student_id)
    session.delete(row)
    session.flush()


def add_refined(session: Session, parent: StudentRow, digest: str, file: StoredFile) -> str:
    """What the refinement with this digest made of another student; returns its id."""
    row = StudentRow(
        id=new_id(KIND),
        created_at=datetime.now(UTC),
        library_id=parent.library_id,
        parent_id=parent.id,
        origin="refinement",
        digest=identity(refinement=digest),
        budget=parent.budget,
        strategy=parent.strategy,
        settings=parent.settings,
        selection=parent.selection,
        answer=parent.answer,
        checkpoint_sha256=file.sha256,
        checkpoint_size_bytes=file.size_bytes,
    )
    session.add(row)
    session.flush()
    return row.id


def _check_childless(session: Session, student_id: str) -> None:
    pending = select(RefinementRow.job_id).where(
        RefinementRow.student_id == student_id, RefinementRow.state == "pending"
    )
    job_id = session.scalar(pending)
    if job_id is not None:
        raise ResourceInUse(
            f"The student '{student_id}' is being refined. Wait for the job '{job_id}', or cancel "
            "it."
        )
    children = session.scalars(select(StudentRow.id).where(StudentRow.parent_id == student_id))
    names = ", ".join(f"'{each}'" for each in children)
    if names:
        raise ResourceInUse(
            f"The student '{student_id}' is the parent of {names}. Delete what came of it first."
        )


def _digest(wish: Wish) -> str:
    return identity(**wish.model_dump(mode="json"))


def _row(wish: Wish, answer: Answer, file: StoredFile) -> StudentRow:
    return StudentRow(
        id=new_id(KIND),
        created_at=datetime.now(UTC),
        library_id=wish.library_id,
        origin="selection",
        digest=_digest(wish),
        budget=wish.budget.model_dump(mode="json", exclude_none=True),
        strategy=wish.strategy,
        settings=wish.settings.model_dump(mode="json"),
        selection=answer.selection.model_dump(mode="json"),
        answer=answer.model_dump(mode="json", exclude={"selection", "trials"}),
        checkpoint_sha256=file.sha256,
        checkpoint_size_bytes=file.size_bytes,
    )


_REFINED = exists().where(RefinementRow.student_id == StudentRow.id, RefinementRow.state == "ready")
_FOUND = (
    select(
        StudentRow,
        MeasurementRow,
        SearchRow.id.label("search_id"),
        _REFINED.label("is_refined"),
        LibraryRow.dataset_id,
        *libraries.VERSION,
    )
    .join(LibraryRow, StudentRow.library_id == LibraryRow.id)
    .join(TeacherRow, LibraryRow.teacher_id == TeacherRow.id)
    .outerjoin(MeasurementRow, MeasurementRow.student_id == StudentRow.id)
    .outerjoin(SearchRow, SearchRow.student_id == StudentRow.id)
)


def _records(session: Session, condition: ColumnElement[bool]) -> dict[str, StudentRecord]:
    """By id: all that every answer needs in one query, since most requests wait for nothing else,
    and more only for those that were refined.
    """
    found = {row.StudentRow.id: row for row in session.execute(_FOUND.where(condition))}
    refined = {id: _accuracies(row.MeasurementRow) for id, row in found.items() if row.is_refined}
    better = descendants.better(session, refined)
    return {student_id: _record(row, better.get(student_id)) for student_id, row in found.items()}


def _accuracies(row: MeasurementRow | None) -> list[Estimate]:
    """What was measured of the student's own files."""
    measured = _measurement(row)
    both = (measured.assembled, measured.refitted) if measured else ()
    return [each for each in both if each is not None]


def _measurement(row: MeasurementRow | None) -> MeasurementRecord | None:
    return None if row is None else measurements.record_of(row)


def _record(found: Row[*tuple[Any, ...]], better: Better | None) -> StudentRecord:
    row: StudentRow = found.StudentRow
    return StudentRecord(
        id=row.id,
        library_id=row.library_id,
        parent_id=row.parent_id,
        origin=row.origin,
        library_version=libraries.version_of(found),
        labels_from=labels_from(found.dataset_id),
        budget=Budget.model_validate(row.budget),
        strategy=row.strategy,
        settings=SearchSettings.model_validate(row.settings),
        selection=Selection.model_validate(row.selection),
        answer=_answer(row),
        file=StoredFile(sha256=row.checkpoint_sha256, size_bytes=row.checkpoint_size_bytes),
        created_at=row.created_at,
        measurement=_measurement(found.MeasurementRow),
        search_id=found.search_id,
        better=better,
    )


def _answer(row: StudentRow) -> Answer | None:
    if row.answer is None:
        return None
    return Answer.model_validate({"selection": row.selection, **row.answer})
