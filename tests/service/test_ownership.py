import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, aliased

from service.database import Database
from service.failures import UnknownResource
from service.ledger import Ledger
from service.ownership import _parent_column
from service.repositories import candidates, jobs, libraries, prepared, teachers, tokens
from service.repositories.pages import Page
from service.tables import (
    Base,
    CandidateRow,
    Identified,
    JobRow,
    LibraryRow,
    OwnerRow,
    TeacherRow,
    UnitRow,
)
from service.token_records import NewToken
from tests.service import builders

COMMON = {"owners", "shares", "tallies"}
"""Tables of what is nobody's."""


@pytest.fixture
def bob(database: Database) -> Database:
    """What another owner than the one of everything sees."""
    with database.writing() as session:
        tokens.add(session, tokens.owner_named(session, "alice"), _new())
        return database.of(tokens.owner_named(session, "bob"))


def _new() -> NewToken:
    return NewToken(name="x", scope="write")


def test_every_row_is_somebodys() -> None:
    for mapper in Base.registry.mappers:
        row, name = mapper.class_, mapper.local_table.name
        owned = issubclass(row, Identified) or _parent_column(row) is not None
        assert owned or name in COMMON, f"Whose are the rows of '{name}'?"


def test_another_owners_rows_are_not_there(database: Database, bob: Database) -> None:
    with database.writing() as session:
        record = teachers.post(session, builders.new_teacher()).record
    with bob.writing() as session:
        assert teachers.listing(session, Page()).items == ()
        assert jobs.listing(session, Page()).items == ()
        with pytest.raises(UnknownResource):
            teachers.get(session, record.id)
        for statement in (
            select(TeacherRow.id),
            select(aliased(TeacherRow).id),
            select(TeacherRow.id).join(JobRow, JobRow.id == TeacherRow.job_id),
            select(UnitRow.id),
            select(UnitRow.id).join(JobRow, JobRow.id == UnitRow.job_id),
            select(UnitRow.id).where(UnitRow.job_id.in_(select(JobRow.id))),
        ):
            assert session.execute(statement).all() == []
        assert session.scalar(select(func.count()).select_from(TeacherRow)) == 0
        assert session.get(TeacherRow, record.id, with_for_update=True) is None


def test_another_owners_rows_are_neither_changed_nor_deleted(
    database: Database, bob: Database
) -> None:
    with database.writing() as session:
        record = teachers.post(session, builders.new_teacher()).record
    with bob.writing() as session:
        session.execute(update(TeacherRow).values(name="mine"))
        session.execute(delete(UnitRow))
        session.execute(delete(TeacherRow))
    with database.reading() as session:
        assert teachers.get(session, record.id) == record
        assert session.scalar(select(func.count()).select_from(UnitRow)) == 1


def test_what_is_added_belongs_to_the_sessions_owner(database: Database, bob: Database) -> None:
    with bob.writing() as session:
        his = teachers.post(session, builders.new_teacher()).record
        assert teachers.get(session, his.id) == his
    with database.reading() as session:
        for table in (TeacherRow, JobRow):
            owner = session.get_one(OwnerRow, session.scalars(select(table.owner_id)).one())
            assert owner.name == "bob"


def test_two_owners_may_post_the_same_and_get_two(database: Database, bob: Database) -> None:
    with database.writing() as session:
        hers = teachers.post(session, builders.new_teacher())
    with bob.writing() as session:
        his = teachers.post(session, builders.new_teacher())
        again = teachers.post(session, builders.new_teacher())
    assert (hers.made, his.made, again.made) == (True, True, False)
    assert hers.record.id != his.record.id == again.record.id


def test_work_is_done_in_its_owners_name(database: Database, bob: Database, ledger: Ledger) -> None:
    with bob.writing() as session:
        record = teachers.post(session, builders.new_teacher()).record
    unit = ledger.claim("worker")
    assert unit is not None

    def write(session: Session) -> None:
        assert teachers.get(session, record.id).id == record.id
        jobs.add(session, "teacher", record.id, [])

    ledger.complete(unit, write)
    with bob.reading() as session:
        assert len(jobs.listing(session, Page()).items) == 2


def test_candidates_of_another_owner_are_neither_seen_nor_taken_over(
    database: Database, bob: Database, ledger: Ledger
) -> None:
    library = builders.ready_library(database, ledger)
    with database.reading() as session:
        row = session.scalars(select(CandidateRow)).first()
        assert row is not None
        assert candidates.known(session, row.identity) is not None
    with bob.reading() as session:
        assert candidates.known(session, row.identity) is None
        assert candidates.listing(session, library.id, Page()).items == ()
        with pytest.raises(UnknownResource):
            candidates.chosen(session, [row.id])
        with pytest.raises(UnknownResource):
            libraries.version(session, library.id)
        with pytest.raises(UnknownResource):
            prepared.row_of(session, LibraryRow, "library", library.id)
