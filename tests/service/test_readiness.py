"""Each part is asked within a limit of time."""

import asyncio
import time
from pathlib import Path
from threading import Event, active_count

from sqlalchemy import text

from service.beat import Beat
from service.database import Database, newest_revision
from service.readiness import Probe, ask_all, migrations_check


def test_a_part_that_hangs_is_not_waited_for_and_takes_one_thread_only() -> None:
    free, before = Event(), active_count()
    probe = Probe("store", lambda: None if free.wait(60) else "late")

    async def ask() -> list[str | None]:
        return [await probe.ask(limit_seconds=0.05) for _ in range(5)]

    begun = time.monotonic()
    answers = asyncio.run(ask())
    assert answers == ["There was no answer from the store within 0.05 s."] * 5
    assert time.monotonic() - begun < 30
    assert active_count() == before + 1
    free.set()
    assert asyncio.run(probe.ask(limit_seconds=60)) is None


def test_a_check_that_breaks_is_a_part_that_is_not_well() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    answers = asyncio.run(ask_all({"a": Probe("a", broken), "b": Probe("b", lambda: None)}))
    assert answers == {
        "a": "The a failed with ZeroDivisionError; the server's log says why.",
        "b": None,
    }


def test_tables_at_the_newest_revision_are_well(database: Database) -> None:
    assert migrations_check(database) is None
    assert database.revision() == newest_revision()


def test_a_database_without_tables_is_told(empty_url: str) -> None:
    database = Database(empty_url)
    with database.writing() as session:
        session.execute(text("SELECT 1"))  # makes the file
    sentence = migrations_check(database)
    database.close()
    assert sentence is not None
    assert "revision none" in sentence


def test_a_beat_has_no_age_before_the_first_and_after_the_end(tmp_path: Path) -> None:
    beat = Beat(tmp_path, 1)
    assert beat.age_seconds() is None
    beat.strike()
    age = beat.age_seconds()
    assert age is not None
    assert age < 60
    beat.end()
    assert beat.age_seconds() is None
