"""Transactions and migrations, on every database."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from service.database import Database, alembic_config
from service.repositories import datasets, jobs
from service.repositories.pages import Page
from service.tables import Base
from tests.service.builders import new_dataset


@pytest.fixture
def empty(empty_url: str) -> Database:
    return Database(empty_url)


def table_names(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_migrating_an_empty_database_makes_every_table(empty: Database) -> None:
    empty.migrate()
    assert table_names(empty) == set(Base.metadata.tables) | {"alembic_version"}
    empty.close()


def test_migrating_again_changes_nothing(empty: Database) -> None:
    empty.migrate()
    with empty.writing() as session:
        datasets.post(session, new_dataset())
    empty.migrate()
    with empty.reading() as session:
        assert len(datasets.listing(session, Page()).items) == 1
    empty.close()


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(Database.migrate, databases))
    assert "jobs" in table_names(databases[0])
    for database in databases:
        database.close()


def test_the_migrations_agree_with_the_tables(empty: Database) -> None:
    empty.migrate()
    with empty.migrating() as connection:
        command.check(alembic_config(connection))
    empty.close()


def test_downgrading_leaves_nothing_behind(empty: Database) -> None:
    empty.migrate()
    with empty.migrating() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert table_names(empty) == {"alembic_version"}
    empty.migrate()
    assert "jobs" in table_names(empty)
    empty.close()


def test_migrations_do_not_need_the_current_folder(tmp_path: Path) -> None:
    code = "import sys; from service.database import Database; Database(sys.argv[1]).migrate()"
    root = str(Path(__file__).parents[2])
    subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{tmp_path / 'elsewhere.db'}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        check=True,
        timeout=60,
    )
    assert (tmp_path / "elsewhere.db").exists()


def test_a_transaction_that_raises_leaves_no_trace(database: Database) -> None:
    def post_and_break() -> None:
        with database.writing() as session:
            datasets.post(session, new_dataset())
            raise RuntimeError("after the row")

    with pytest.raises(RuntimeError, match="after the row"):
        post_and_break()
    with database.reading() as session:
        assert datasets.listing(session, Page()).items == ()
        assert jobs.listing(session, Page()).items == ()


def test_writers_wait_for_each_other(database: Database) -> None:
    with database.writing() as session:
        datasets.post(session, new_dataset())

    def rename(number: int) -> None:
        with database.writing() as session:
            name = session.scalar(text("SELECT name FROM datasets"))
            update = text("UPDATE datasets SET name = :name WHERE name = :old")
            session.execute(update, {"name": f"name {number}", "old": name})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(rename, range(40)))


def test_foreign_keys_are_enforced(database: Database) -> None:
    def orphan() -> None:
        with database.writing() as session:
            session.execute(
                text("INSERT INTO trials VALUES ('student_0', 0, '[]', 0.5, :yes)"), {"yes": True}
            )

    with pytest.raises(IntegrityError):
        orphan()


def test_a_ping_reaches_the_database(database: Database) -> None:
    database.ping()
