"""Commands on the store: directly on it, beside a service that may be running."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from service.cli.command import command

if TYPE_CHECKING:  # only where the server's packages are
    from service.artifacts import Artifacts
    from service.collection import Heap
    from service.database import Database
    from service.settings import Settings

store = typer.Typer(no_args_is_help=True, help="The files behind it all; on the server itself.")

Folder = Annotated[
    Path | None, typer.Option(help="The service's data_dir, if STUDENT_SEARCH_DATA_DIR is not it.")
]


class Place(NamedTuple):
    """What the settings name."""

    settings: "Settings"
    database: "Database"
    artifacts: "Artifacts"


@command(store, "collect")
def collect(
    grace_hours: Annotated[
        float, typer.Option(min=0, help="No work takes longer from its first file to its end.")
    ] = 24,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    even_all: Annotated[
        bool, typer.Option("--even-all", help="Even if the database refers to no file at all.")
    ] = False,
    data_dir: Folder = None,
) -> None:
    """Delete files that nothing refers to: set them aside first, delete them a grace period later.

    Run it every day; it may run beside the service, and twice at once.
    """
    from service.collection import Collection

    with opened(data_dir) as place:
        grace = timedelta(hours=grace_hours)
        collection = Collection(place.database, place.artifacts.store, grace)
        found = collection.collect(dry_run, even_all)
    will = "would be " if dry_run else ""
    typer.echo(f"{_said(found.deleted)} {will}deleted, which nothing had needed since set aside.")
    typer.echo(f"{_said(found.set_aside)} {will}set aside, to which nothing refers.")
    typer.echo(f"{_said(found.taken_back)} {will}taken back, to which something refers again.")
    typer.echo(f"{_said(found.waiting)} set aside less than {grace_hours:g} hours ago.")


@command(store, "verify")
def verify(data_dir: Folder = None) -> None:
    """Read every file that the database refers to; say which are missing or damaged."""
    from service.inspection import troubles

    num_found = 0
    with opened(data_dir) as place:
        for sentence in troubles(place.database, place.artifacts):
            typer.echo(sentence)
            num_found += 1
    typer.echo(f"{num_found} files are missing or damaged.", err=True)
    raise typer.Exit(1 if num_found else 0)


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one with an earlier backup.")],
    data_dir: Folder = None,
) -> None:
    """Copy the database and all files that it refers to; the service may run meanwhile."""
    from service.backup import Backup

    with opened(data_dir) as place:
        saved = Backup(folder).save(place.database, place.artifacts)
    for sentence in saved.troubles:
        typer.echo(sentence, err=True)
    typer.echo(f"{folder} has the database and {saved.num_files - len(saved.troubles)} of "
               f"{saved.num_files} files, {saved.num_copied} of them new.")  # fmt: skip
    raise typer.Exit(1 if saved.troubles else 0)


def restore(
    folder: Annotated[Path, typer.Argument(exists=True, help="What `backup` has made.")],
    data_dir: Folder = None,
) -> None:
    """Bring back a backup, into an empty database and the store; the service must not run."""
    from service.artifacts import Artifacts
    from service.backup import Backup
    from service.database import Database

    settings = _settings(data_dir)
    database = Database(settings.sqlalchemy_url)
    try:
        num_files = Backup(folder).restore(database, Artifacts.of(settings))
    finally:
        database.close()
    typer.echo(f"The database and {num_files} files are back.")


@contextmanager
def opened(data_dir: Path | None) -> Iterator[Place]:
    """The database, with its tables up to date, and the store. Raises InvalidSettings."""
    from service.artifacts import Artifacts
    from service.database import Database

    settings = _settings(data_dir)
    database = Database(settings.sqlalchemy_url)
    try:
        database.migrate()
        yield Place(settings, database, Artifacts.of(settings))
    finally:
        database.close()


def _settings(data_dir: Path | None) -> "Settings":
    from service.settings import Settings

    return Settings.read(**({"data_dir": data_dir} if data_dir else {}))


def _said(heap: "Heap") -> str:
    return f"{heap.num_files} files ({heap.num_bytes / 1e6:.1f} MB)"
