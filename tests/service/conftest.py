"""Databases for the tests: SQLite always, PostgreSQL where its server is installed."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from service.database import Database
from service.ledger import Ledger
from service.repositories.ids import new_id
from service.settings import Settings
from service.tables import DEFAULT_OWNER, Base
from tests.service import bucket_server, postgres
from tests.service.furniture import Furniture
from tests.service.keeping import Keeping, KeepingInBucket, KeepingOnDisk


class Clock:
    """Time that passes only when told to; `seconds` are those that really passed."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds

    def jump(self, seconds: float) -> None:
        """As when somebody sets the clock."""
        self.now += timedelta(seconds=seconds)

    def stopwatch(self) -> float:
        return self.seconds

    def watch(self, look: Callable[[], object], seconds: float) -> None:
        """Let time pass while somebody looks every second."""
        look()
        for _ in range(round(seconds)):
            self.advance(1)
            look()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running server with a migrated database named 'migrated'."""
    binaries = postgres.find_binaries()
    if binaries is None:
        missing = "No PostgreSQL server is installed: neither initdb nor pg_ctl was found."
        if os.environ.get("NEED_POSTGRESQL"):
            pytest.fail(missing)
        pytest.skip(missing)
    with postgres.server(binaries) as url:
        _administer(url, "CREATE DATABASE migrated")
        _migrate(_named(url, "migrated"))
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def furniture(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Furniture:
    """One for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    return Furniture.made((base if worker_id == "master" else base.parent) / "furniture")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server_url = request.getfixturevalue("postgres_url")
    name = new_id("empty")
    _administer(server_url, f"CREATE DATABASE {name}")
    return _named(server_url, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without rows."""
    if request.param == "sqlite":
        path = tmp_path / "student-search.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url = _named(request.getfixturevalue("postgres_url"), "migrated")
    _administer(url, f"TRUNCATE {', '.join(set(Base.metadata.tables) - {'owners'})}")
    _administer(url, f"DELETE FROM owners WHERE id <> '{DEFAULT_OWNER}'")
    return url


@pytest.fixture
def another_url(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the same kind without tables."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'another.db'}"
    name = new_id("another")
    server_url = request.getfixturevalue("postgres_url")
    _administer(server_url, f"CREATE DATABASE {name}")
    return _named(server_url, name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def bucket_url() -> Iterator[str]:
    """A running S3 server."""
    with bucket_server.running() as url:
        yield url


@pytest.fixture(params=["disk", "bucket"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> Keeping:
    """An empty store."""
    if request.param == "disk":
        return KeepingOnDisk(tmp_path)
    return in_bucket(request.getfixturevalue("bucket_url"), tmp_path)


def in_bucket(server_url: str, folder: Path) -> KeepingInBucket:
    name = new_id("bucket").replace("_", "-")
    bucket = bucket_server.make_bucket(server_url, name)
    return KeepingInBucket(folder, bucket, f"s3://{name}/files")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, lease_seconds=30, cancel_seconds=5, max_attempts=3)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(database: Database, settings: Settings, clock: Clock) -> Ledger:
    return Ledger(database, settings, clock, clock.stopwatch)


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()
