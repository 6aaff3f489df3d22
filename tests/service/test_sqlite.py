"""Writers of several processes on one file; a bare connection stands for another process."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from service import sqlite
from service.database import Database, DatabaseUnavailable

HELD_SECONDS = 0.24  # SQLite's own waiting would look at 0.228 s and then at 0.328 s


@pytest.fixture
def other(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "file.sqlite"
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    yield connection
    connection.close()


@pytest.fixture
def ours(other: sqlite3.Connection, tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'file.sqlite'}")
    with database.writing() as session:
        session.execute(text("CREATE TABLE notes (number INTEGER)"))
    yield database
    database.close()


def write(database: Database) -> float:
    """Returns when it could begin."""
    with database.writing() as session:
        session.execute(text("INSERT INTO notes VALUES (1)"))
        return time.perf_counter()


def test_a_writer_goes_on_soon_after_that_of_another_process(
    ours: Database, other: sqlite3.Connection
) -> None:
    late = []
    for _ in range(3):
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(write, ours)
            time.sleep(HELD_SECONDS)
            other.execute("COMMIT")
            ended = time.perf_counter()
        late.append(waiting.result() - ended)
    assert min(late) < 0.05


def test_who_waits_for_too_long_is_told_so_and_may_write_later(
    ours: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="locked"):
        write(ours)
    other.execute("COMMIT")
    write(ours)
    assert other.execute("SELECT count(*) FROM notes").fetchone() == (1,)
