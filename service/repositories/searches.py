"""Measured searches."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.candidate import Score, identity
from candidates.value import Value
from search.budget import Budget
from search.measured_trial import MeasuredTrial
from service.measured_search_settings import MeasuredSearchSettings
from service.records import SearchRecord, SearchTrial
from service.repositories import jobs, prepared, shares
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Order, Page, rows_of_page
from service.repositories.prepared import Posted
from service.tables import LibraryRow, SearchRow, SearchTrialRow

KIND = "search"


class NewSearch(Value):
    """What is to be searched; equal ones are the same search."""

    library_id: str
    budget: Budget
    settings: MeasuredSearchSettings


def post(session: Session, new: NewSearch) -> Posted[SearchRecord]:
    """The search with its job, or the one that is there; one that failed or was cancelled goes on
    after its last trial. Raises UnknownResource, ResourceNotReady.
    """
    prepared.ready_row_of(session, LibraryRow, "library", new.library_id)
    digest = identity(search=new.model_dump(mode="json"))
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(SearchRow).where(SearchRow.digest == digest).with_for_update()
        ),
        lambda: _insert(session, new, digest),
        lambda row: _job(session, row.id, new),
    )
    return Posted(record=_records(session, [row])[0], made=made)


def get(session: Session, search_id: str) -> SearchRecord:
    """Raises UnknownResource."""
    return _records(session, [prepared.row_of(session, SearchRow, KIND, search_id)])[0]


def delete(session: Session, search_id: str) -> None:
    """With its trials; the student that came of it stays. Raises UnknownResource, ResourceInUse."""
    prepared.delete(session, SearchRow, KIND, search_id)


def listing(session: Session, page: Page, library_id: str) -> Listing[SearchRecord]:
    """Newest first."""
    mine = SearchRow.library_id == library_id
    rows, following = rows_of_page(session, SearchRow, page, mine)
    return Listing(items=tuple(_records(session, rows)), next=following)


def trials(session: Session, search_id: str, page: Page) -> Listing[SearchTrial]:
    """In the order in which they were measured."""
    mine = SearchTrialRow.search_id == search_id
    order = Order("number", (SearchTrialRow.number,))
    rows, following = rows_of_page(session, SearchTrialRow, page, mine, order=order)
    return Listing(items=tuple(map(_trial, rows)), next=following)


def add_trial(session: Session, search_id: str, trial: MeasuredTrial) -> None:
    """Keep a trial behind the others, unless there is one of the same student: a worker that was
    thought dead may have been as far.
    """
    session.get_one(SearchRow, search_id, with_for_update=True)
    known = _trials(session, [search_id])[search_id]
    if trial.choices not in {each.choices for each in known}:
        fields = trial.model_dump(mode="json")
        session.add(SearchTrialRow(search_id=search_id, number=len(known), **fields))
        session.flush()


def note_student(session: Session, search_id: str, student_id: str) -> None:
    """The student of the best trial."""
    prepared.row_of(session, SearchRow, KIND, search_id).student_id = student_id


def _insert(session: Session, new: NewSearch, digest: str) -> SearchRow:
    search_id = new_id(KIND)
    return SearchRow(
        id=search_id,
        created_at=datetime.now(UTC),
        library_id=new.library_id,
        digest=digest,
        budget=new.budget.model_dump(mode="json", exclude_none=True),
        settings=new.settings.model_dump(mode="json"),
        state="pending",
        job_id=_job(session, search_id, new),
    )


def _job(session: Session, search_id: str, new: NewSearch) -> str:
    unit = jobs.NewUnit(kind=KIND, payload={KIND: search_id}, total=new.settings.trials)
    share = shares.of_library(session, new.library_id)
    return jobs.add(session, KIND, search_id, [unit], share)


def _records(session: Session, rows: Sequence[SearchRow]) -> list[SearchRecord]:
    found = _trials(session, [row.id for row in rows])
    return [
        SearchRecord(
            **prepared.common(row),
            library_id=row.library_id,
            budget=Budget.model_validate(row.budget),
            settings=MeasuredSearchSettings.model_validate(row.settings),
            student_id=row.student_id,
            trials=found[row.id],
        )
        for row in rows
    ]


def _trials(session: Session, search_ids: Sequence[str]) -> dict[str, tuple[SearchTrial, ...]]:
    """By search, in their order."""
    query = select(SearchTrialRow).where(SearchTrialRow.search_id.in_(search_ids))
    rows = list(session.scalars(query.order_by(SearchTrialRow.number)))
    return {
        search_id: tuple(_trial(row) for row in rows if row.search_id == search_id)
        for search_id in search_ids
    }


def _trial(row: SearchTrialRow) -> SearchTrial:
    return SearchTrial(
        number=row.number,
        choices=tuple(row.choices),
        loss=row.loss,
        score=Score.model_validate(row.score),
    )
