"""Data sets."""

from datetime import UTC, datetime

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.value import Value
from service.records import DatasetContents, DatasetRecord
from service.repositories import jobs, prepared
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
from service.tables import DatasetRow, LibraryRow

KIND = "dataset"


class NewDataset(Value):
    """An uploaded archive in the store, or a source on the server's own disk.

    Equal digests mean equal content.
    """

    name: str = Field(min_length=1, max_length=200)
    digest: str
    source_sha256: str | None = None
    source_uri: str | None = None


def post(session: Session, new: NewDataset) -> Posted[DatasetRecord]:
    """The data set with its job; the one that is there if its content is the same."""
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(DatasetRow).where(DatasetRow.digest == new.digest).with_for_update()
        ),
        lambda: _insert(session, new),
        lambda row: _job(session, row.id),
    )
    return Posted(record=_record(row), made=made)


def get(session: Session, dataset_id: str) -> DatasetRecord:
    """Raises UnknownResource."""
    return _record(prepared.row_of(session, DatasetRow, KIND, dataset_id))


def get_ready(session: Session, dataset_id: str) -> DatasetRecord:
    """Raises UnknownResource, ResourceNotReady."""
    return _record(prepared.ready_row_of(session, DatasetRow, KIND, dataset_id))


def listing(
    session: Session,
    page: Page,
    state: str | None = None,
    name: str | None = None,
    sort: Sort = "-created_at",
) -> Listing[DatasetRecord]:
    """Those that match everything that is given."""
    conditions = matching({DatasetRow.state: state, DatasetRow.name: name})
    order = by_creation(DatasetRow, sort)
    rows, following = rows_of_page(session, DatasetRow, page, *conditions, order=order)
    return Listing(items=tuple(map(_record, rows)), next=following)


def delete(session: Session, dataset_id: str) -> None:
    """Raises UnknownResource, ResourceInUse."""
    prepared.delete(session, DatasetRow, KIND, dataset_id, (LibraryRow.dataset_id, "libraries"))


def finish(session: Session, dataset_id: str, sha256: str, contents: DatasetContents) -> None:
    """Note what the ingest found; the job's end makes the data set ready."""
    row = prepared.row_of(session, DatasetRow, KIND, dataset_id)
    row.sha256, row.contents = sha256, contents.model_dump(mode="json")


def _insert(session: Session, new: NewDataset) -> DatasetRow:
    dataset_id = new_id(KIND)
    return DatasetRow(
        id=dataset_id,
        created_at=datetime.now(UTC),
        state="pending",
        job_id=_job(session, dataset_id),
        **new.model_dump(),
    )


def _job(session: Session, dataset_id: str) -> str:
    unit = jobs.NewUnit(kind=KIND, payload={KIND: dataset_id})
    return jobs.add(session, KIND, dataset_id, [unit])


def _record(row: DatasetRow) -> DatasetRecord:
    return DatasetRecord(
        **prepared.common(row),
        name=row.name,
        source_sha256=row.source_sha256,
        source_uri=row.source_uri,
        sha256=row.sha256,
        contents=DatasetContents.model_validate(row.contents) if row.contents else None,
    )
