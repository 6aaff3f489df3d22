"""Devices, and what was measured on them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from candidates.candidate import identity
from candidates.value import Value
from service.device_records import DeviceRecord, NewDevice, StudentLatencyRecord
from service.failures import DeviceDiffers, LatenciesMissing, UnknownResource
from service.latency_table import Latency, LatencyTable, Setting
from service.repositories import prepared
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Page, rows_of_page
from service.repositories.prepared import Posted
from service.tables import Base, DeviceRow, LatencyTableRow, StudentLatencyRow, StudentRow

KIND = "device"
AnyRow = TypeVar("AnyRow", bound=Base)


class TableKey(NamedTuple):
    """A latency table never changes, so it can be remembered by its id."""

    device_id: str
    table_id: str


class NewStudentLatency(Value):
    """What a student was measured to take on a device, by its id."""

    device_id: str
    student_id: str
    latency: Latency
    setting: Setting


def post(session: Session, new: NewDevice) -> Posted[DeviceRecord]:
    """The device with its table, or the one that has this table. DeviceDiffers."""
    row = _named(session, new.name) or _inserted(session, _row(new)) or _known(session, new.name)
    digest = identity(**new.table.model_dump(mode="json"))
    table = LatencyTableRow(
        id=new_id("table"),
        created_at=datetime.now(UTC),
        device_id=row.id,
        library_id=new.library_id,
        digest=digest,
        latencies=new.table.model_dump(mode="json"),
    )
    earlier = _table(session, row, new.library_id) or (
        None if _inserted(session, table) else _table(session, row, new.library_id)
    )
    if earlier is not None and earlier.digest != digest:
        raise DeviceDiffers(new.name, new.library_id)
    return Posted(record=_records(session, [row])[0], made=earlier is None)


def get(session: Session, device: str) -> DeviceRecord:
    """By its id or its name. Raises UnknownResource."""
    return _records(session, [_known(session, device)])[0]


def listing(session: Session, page: Page) -> Listing[DeviceRecord]:
    """Newest first."""
    rows, following = rows_of_page(session, DeviceRow, page)
    return Listing(items=tuple(_records(session, rows)), next=following)


def delete(session: Session, device: str) -> None:
    """With all that was measured on it; students keep what they were promised."""
    session.delete(_known(session, device))
    session.flush()


def table_key(session: Session, device: str, library_id: str) -> TableKey:
    """Of a device by its id or name. Raises UnknownResource, LatenciesMissing."""
    row = _known(session, device)
    query = select(LatencyTableRow.id).where(LatencyTableRow.device_id == row.id)
    table_id = session.scalar(query.where(LatencyTableRow.library_id == library_id))
    if table_id is None:
        raise LatenciesMissing(device, library_id)
    return TableKey(row.id, table_id)


def table(session: Session, table_id: str) -> LatencyTable:
    """Raises UnknownResource."""
    row = prepared.row_of(session, LatencyTableRow, "latency table", table_id)
    return LatencyTable.model_validate(row.latencies)


def post_student(session: Session, new: NewStudentLatency) -> Posted[StudentLatencyRecord]:
    """The measurement, or the same one that was posted before. Raises UnknownResource."""
    prepared.row_of(session, StudentRow, "student", new.student_id)
    digest = identity(**new.model_dump(mode="json"))
    same = select(StudentLatencyRow).where(StudentLatencyRow.digest == digest)
    row = session.scalar(same)
    made = None
    if row is None:
        made = _inserted(session, _student_row(new, digest))
        row = made or session.scalars(same).one()
    return Posted(record=_student_record(row), made=made is not None)


def students(session: Session, device_id: str, page: Page) -> Listing[StudentLatencyRecord]:
    """What was measured of students on a device, newest first."""
    condition = StudentLatencyRow.device_id == device_id
    rows, following = rows_of_page(session, StudentLatencyRow, page, condition)
    return Listing(items=tuple(map(_student_record, rows)), next=following)


def _named(session: Session, device: str) -> DeviceRow | None:
    return session.scalar(select(DeviceRow).where(DeviceRow.name == device))


def _known(session: Session, device: str) -> DeviceRow:
    """An id goes before a name that looks like it."""
    query = select(DeviceRow).where(or_(DeviceRow.id == device, DeviceRow.name == device))
    found = sorted(session.scalars(query), key=lambda row: row.id != device)
    if not found:
        raise UnknownResource(KIND, device)
    return found[0]


def _table(session: Session, row: DeviceRow, library_id: str) -> LatencyTableRow | None:
    query = select(LatencyTableRow).where(LatencyTableRow.device_id == row.id)
    return session.scalar(query.where(LatencyTableRow.library_id == library_id))


def _inserted(session: Session, row: AnyRow) -> AnyRow | None:
    """The row, or None if another request was quicker."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return None
    return row


def _row(new: NewDevice) -> DeviceRow:
    return DeviceRow(
        id=new_id(KIND),
        created_at=datetime.now(UTC),
        name=new.name,
        description=new.description,
    )


def _records(session: Session, rows: Sequence[DeviceRow]) -> list[DeviceRecord]:
    columns = select(LatencyTableRow.device_id, LatencyTableRow.library_id)
    ids = [row.id for row in rows]
    query = columns.where(LatencyTableRow.device_id.in_(ids)).order_by(LatencyTableRow.id)
    tables = session.execute(query).all()
    return [
        DeviceRecord(
            id=row.id,
            name=row.name,
            description=row.description,
            libraries=tuple(library for device, library in tables if device == row.id),
            created_at=row.created_at,
        )
        for row in rows
    ]


def _student_row(new: NewStudentLatency, digest: str) -> StudentLatencyRow:
    return StudentLatencyRow(
        id=new_id("latency"),
        created_at=datetime.now(UTC),
        device_id=new.device_id,
        student_id=new.student_id,
        digest=digest,
        setting=new.setting.model_dump(mode="json"),
        **new.latency.model_dump(),
    )


def _student_record(row: StudentLatencyRow) -> StudentLatencyRecord:
    return StudentLatencyRecord(
        id=row.id,
        device_id=row.device_id,
        student_id=row.student_id,
        latency=Latency(latency_ms=row.latency_ms, spread_ms=row.spread_ms),
        setting=Setting.model_validate(row.setting),
        created_at=row.created_at,
    )
