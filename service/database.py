"""Database: one door to SQLite or PostgreSQL, with its transactions and its migrations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session as Session  # others take it from here

from service import sqlite
from service.ownership import OwnedSession, restrict

if TYPE_CHECKING:
    from alembic.config import Config

DatabaseUnavailable = OperationalError
"""Raised by every use of a database that cannot be reached, or stays locked by another."""

DatabaseRefused = DataError
"""Raised for a value that the database cannot hold, such as text with a NUL in it."""

Ending = Callable[[Session], None]
MIGRATION_LOCK = 7_316_551


class Database:
    """Hands out sessions; each is one transaction.

    SQLite's writers begin with a write lock. A transaction that reads first and locks later would
    fail at once, without waiting, when another process has written in between.
    """

    def __init__(self, url: str) -> None:
        is_file = make_url(url).get_backend_name() == "sqlite"
        self.engine = sqlite.engine(url) if is_file else _server(url)
        self._writer = self.engine.execution_options(begin=sqlite.WRITE)
        self._owner_id: str | None = None
        self._ending: Ending | None = None

    def of(self, owner_id: str, ending: Ending | None = None) -> "Database":
        """The same database, as far as it is this owner's; `ending` is done at the end of every
        transaction that writes, and takes it back by raising.
        """
        mine = copy(self)
        mine._owner_id, mine._ending = owner_id, ending
        return mine

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block, or leaves no trace if it raises."""
        with OwnedSession(self._writer, expire_on_commit=False) as session, session.begin():
            self._restrict(session)
            yield session
            if self._ending is not None:
                self._ending(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads; it waits for nobody and nobody waits for it."""
        with OwnedSession(self.engine) as session:
            self._restrict(session)
            yield session

    def migrate(self) -> None:
        """Bring the tables to the newest revision; safe when several processes start at once."""
        from alembic import command  # half of the start-up time, and only needed here

        with self.migrating() as connection:
            command.upgrade(alembic_config(connection), "head")

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A transaction in which tables may be changed, and in which nobody else changes them.

        SQLite changes a column by making its table anew; the old one must not take with it what
        refers to it, so foreign keys are not followed in this transaction.
        """
        with (
            self._writer.connect() as connection,
            _unfollowed(connection),
            connection.begin(),
        ):
            if connection.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK}
                )
            yield connection

    def ping(self) -> None:
        """Raises DatabaseUnavailable when the database does not answer, or its file is gone.

        A file that was deleted still serves the connections that are open, until they end.
        """
        path = self.engine.url.database
        if self.engine.dialect.name == "sqlite" and path and not Path(path).is_file():
            raise DatabaseUnavailable("open", None, FileNotFoundError(path))
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def revision(self) -> str | None:
        """The revision of the tables; None where there are none. Raises DatabaseUnavailable."""
        from alembic.runtime.migration import MigrationContext

        self.ping()
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def _restrict(self, session: Session) -> None:
        if self._owner_id is not None:
            restrict(session, self._owner_id)


@cache
def newest_revision() -> str | None:
    """The revision to which `migrate` brings the tables."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's settings for the migrations that are installed beside this package."""
    from alembic.config import Config

    import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _server(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True, hide_parameters=True)


@contextmanager
def _unfollowed(connection: Connection) -> Iterator[None]:
    """SQLite takes the pragma between transactions only, hence not through the connection."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
