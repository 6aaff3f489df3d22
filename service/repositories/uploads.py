"""Uploads: what was said of files that are sent in pieces; the pieces lie in the upload folder."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.failures import UnknownResource
from service.repositories import prepared
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Page, Sort, by_creation, rows_of_page
from service.tables import UploadRow
from service.upload_records import UploadRecord

KIND = "upload"


def add(session: Session, size_bytes: int, facts: dict[str, str], kept: timedelta) -> UploadRecord:
    """An upload of which nothing has arrived."""
    now = datetime.now(UTC)
    row = UploadRow(
        id=new_id(KIND), created_at=now, size_bytes=size_bytes, facts=facts, expires_at=now + kept
    )
    session.add(row)
    session.flush()
    return _record(row)


def get(session: Session, upload_id: str) -> UploadRecord:
    """Raises UnknownResource, also for one that has expired."""
    return _record(_row(session, upload_id))


def extend(session: Session, upload_id: str, kept: timedelta) -> UploadRecord:
    """Something of it arrived, so it is kept for longer. Raises UnknownResource."""
    row = _row(session, upload_id)
    row.expires_at = datetime.now(UTC) + kept
    session.flush()
    return _record(row)


def listing(session: Session, page: Page, sort: Sort = "-created_at") -> Listing[UploadRecord]:
    """Those that have not expired."""
    alive = UploadRow.expires_at > datetime.now(UTC)
    order = by_creation(UploadRow, sort)
    rows, following = rows_of_page(session, UploadRow, page, alive, order=order)
    return Listing(items=tuple(map(_record, rows)), next=following)


def remove(session: Session, upload_id: str) -> None:
    """Raises UnknownResource."""
    session.delete(_row(session, upload_id))
    session.flush()


def known(session: Session) -> Collection[str]:
    """The ids of all that have not expired; whoever's they are. The others are forgotten."""
    session.execute(delete(UploadRow).where(UploadRow.expires_at <= datetime.now(UTC)))
    return set(session.scalars(select(UploadRow.id)))


def _row(session: Session, upload_id: str) -> UploadRow:
    row = prepared.row_of(session, UploadRow, KIND, upload_id)
    if row.expires_at <= datetime.now(UTC):
        raise UnknownResource(KIND, upload_id)
    return row


def _record(row: UploadRow) -> UploadRecord:
    return UploadRecord.model_validate({
        name: getattr(row, name) for name in UploadRecord.model_fields
    })  # fmt: skip
