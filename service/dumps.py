"""Dumps: a database as one file, of one moment, and back; the service may run meanwhile."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from candidates.errors import StudentSearchError
from service.database import Database
from service.repositories import references

SQLITE, POSTGRESQL = "database.sqlite", "database.pgdump"


class DumpFailed(StudentSearchError):
    """A database could not be written to a file, or not read from one."""


def name_of(database: Database) -> str:
    """What the file is called."""
    return SQLITE if _is_sqlite(database) else POSTGRESQL


def write(database: Database, path: Path) -> set[str]:
    """A new file; returns the digests of all files that the database refers to at that moment.

    Raises DumpFailed.
    """
    return (_write_sqlite if _is_sqlite(database) else _write_postgresql)(database, path)


def check_empty(database: Database) -> None:
    """Raises DumpFailed where there is a database already."""
    if _is_sqlite(database):
        target = _file_of(database)
        if target.exists():
            raise DumpFailed(
                f"There is a database at {target} already. Stop the service and move it away, with "
                "the files beside it that begin with the same name, to restore another there."
            )
    elif database.revision() is not None:
        raise DumpFailed(
            "The database has tables already. Stop the service and name an empty database in "
            "STUDENT_SEARCH_DATABASE_URL to restore into it."
        )


def load(path: Path, database: Database) -> None:
    """Into a database that is empty, whole or not at all. Raises DumpFailed."""
    if _is_sqlite(database):
        _load_sqlite(path, _file_of(database))
    else:
        _run(database, "pg_restore", "--exit-on-error", "--single-transaction", *_OPTIONS, path)


_OPTIONS = ("--no-owner", "--no-privileges")


def _write_sqlite(database: Database, path: Path) -> set[str]:
    try:
        with closing(sqlite3.connect(_file_of(database), timeout=60)) as connection:
            connection.execute("VACUUM INTO ?", (str(path),))
    except sqlite3.Error as exc:
        raise DumpFailed(f"The database cannot be saved: {exc}. Check the disk's space.") from exc
    written = Database(f"sqlite:///{path}")
    with written.reading() as session:
        wanted = references.all_of(session)
    written.close()
    return wanted


def _write_postgresql(database: Database, path: Path) -> set[str]:
    """The dump and the references are those of one snapshot."""
    with database.reading() as session:
        connection = session.connection()
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        form = ("--format=custom", f"--snapshot={snapshot}", f"--file={path}")
        _run(database, "pg_dump", *form, *_OPTIONS)
        return references.all_of(session)


def _load_sqlite(path: Path, target: Path) -> None:
    for suffix in ("-wal", "-shm"):  # of one that is gone: they would be taken for this one's
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    arriving = target.with_name(f"{target.name}.arriving")
    shutil.copyfile(path, arriving)
    arriving.replace(target)


def _run(database: Database, program: str, *arguments: str | Path) -> None:
    """The password goes through the environment, where no other user sees it."""
    url = database.engine.url
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    found = subprocess.run(
        [_program(program), f"--dbname={plain}", *arguments],
        env={**os.environ, **password},
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0:
        said = (found.stderr.splitlines() or ["it did not say why"])[0].rstrip(". ")
        raise DumpFailed(
            f"{program} failed: {said}. Its version must not be older than the server."
        )


def _program(name: str) -> str:
    """Also where Debian hides it."""
    hidden = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = shutil.which(name) or (str(hidden[-1]) if hidden else None)
    if path is None:
        raise DumpFailed(
            f"There is no {name} on this machine. Install PostgreSQL's client programs, or save "
            "the database where they are; docs/operations-backup.md says how."
        )
    return path


def _is_sqlite(database: Database) -> bool:
    return database.engine.dialect.name == "sqlite"


def _file_of(database: Database) -> Path:
    path = database.engine.url.database
    assert path is not None, "the embedded database is a file"
    return Path(path)
