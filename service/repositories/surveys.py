"""Surveys: students of a library that one job measures."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.candidate import identity
from service import settlement
from service.records import SurveyRecord
from service.repositories import jobs, measurements, prepared, shares
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Page, rows_of_page
from service.repositories.prepared import Posted
from service.survey_settings import SurveySettings
from service.tables import JobRow, LibraryRow, SurveyRow, SurveyStudentRow

KIND = "survey"


def find(session: Session, library_id: str, settings: SurveySettings) -> SurveyRecord | None:
    """The survey that was posted with these settings before."""
    digest = _digest(library_id, settings)
    row = session.scalar(select(SurveyRow).where(SurveyRow.digest == digest))
    return None if row is None else _records(session, [row])[0]


def post(
    session: Session, library_id: str, settings: SurveySettings, student_ids: Sequence[str]
) -> Posted[SurveyRecord]:
    """The survey of these students, or the one that is there; a failed one goes on with its own.

    Its job measures those that neither are measured nor about to be. Raises UnknownResource,
    ResourceNotReady.
    """
    prepared.ready_row_of(session, LibraryRow, "library", library_id)
    digest = _digest(library_id, settings)
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(SurveyRow).where(SurveyRow.digest == digest).with_for_update()
        ),
        lambda: _insert(session, library_id, digest, settings),
        lambda row: _job(session, library_id, row.id),
    )
    if made:
        _measure(session, row, student_ids)
    return Posted(record=_records(session, [row])[0], made=made)


def get(session: Session, survey_id: str) -> SurveyRecord:
    """Raises UnknownResource."""
    return _records(session, [prepared.row_of(session, SurveyRow, KIND, survey_id)])[0]


def delete(session: Session, survey_id: str) -> None:
    """The students that it measured stay. Raises UnknownResource, ResourceInUse."""
    prepared.delete(session, SurveyRow, KIND, survey_id)


def listing(session: Session, page: Page, library_id: str) -> Listing[SurveyRecord]:
    """Newest first."""
    mine = SurveyRow.library_id == library_id
    rows, following = rows_of_page(session, SurveyRow, page, mine)
    return Listing(items=tuple(_records(session, rows)), next=following)


def _digest(library_id: str, settings: SurveySettings) -> str:
    return identity(survey=settings.model_dump(mode="json"), library=library_id)


def _insert(session: Session, library_id: str, digest: str, settings: SurveySettings) -> SurveyRow:
    survey_id = new_id(KIND)
    return SurveyRow(
        id=survey_id,
        created_at=datetime.now(UTC),
        library_id=library_id,
        digest=digest,
        settings=settings.model_dump(mode="json"),
        state="pending",
        job_id=_job(session, library_id, survey_id),
    )


def _job(session: Session, library_id: str, survey_id: str) -> str:
    return jobs.add(session, KIND, survey_id, [], shares.of_library(session, library_id))


def _measure(session: Session, row: SurveyRow, student_ids: Sequence[str]) -> None:
    """Give the survey its students, unless it has them, and its job their measurements."""
    known = _student_ids(session, [row.id])[row.id]
    if not known:
        known = tuple(dict.fromkeys(student_ids))
        session.add_all(
            SurveyStudentRow(survey_id=row.id, place=place, student_id=student_id)
            for place, student_id in enumerate(known)
        )
        session.flush()
    measurements.join(session, known, row.job_id)
    settlement.settle(session, session.get_one(JobRow, row.job_id), datetime.now(UTC))


def _student_ids(session: Session, survey_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """By survey, in their order."""
    query = select(SurveyStudentRow).where(SurveyStudentRow.survey_id.in_(survey_ids))
    rows = list(session.scalars(query.order_by(SurveyStudentRow.place)))
    return {
        survey_id: tuple(row.student_id for row in rows if row.survey_id == survey_id)
        for survey_id in survey_ids
    }


def _records(session: Session, rows: Sequence[SurveyRow]) -> list[SurveyRecord]:
    student_ids = _student_ids(session, [row.id for row in rows])
    return [
        SurveyRecord(
            **prepared.common(row),
            library_id=row.library_id,
            settings=SurveySettings.model_validate(row.settings),
            student_ids=student_ids[row.id],
        )
        for row in rows
    ]
