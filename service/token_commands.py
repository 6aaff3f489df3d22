"""The command line's part on tokens: directly on the database, so that it can make the first."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.database import Database, Session
from service.repositories import tokens as repository
from service.repositories.pages import Page
from service.settings import Settings
from service.token_records import NewToken, Scope, TokenRecord

OWNER = "default"

tokens = typer.Typer(no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Option(help="The service's data_dir, if STUDENT_SEARCH_DATA_DIR is not it.")
]


@tokens.command("create")
def create(
    owner: Annotated[str, typer.Option(help="Whose resources it opens; a new name: nobody's yet.")]
    = OWNER,
    scope: Annotated[Scope, typer.Option(help="Each may do what those before it may.")] = "write",
    name: Annotated[str, typer.Option(help="Who holds it, or what for.")] = "command line",
    days: Annotated[int, typer.Option(min=0, max=3650, help="Valid this long; 0: for ever.")] = 365,
    data_dir: Folder = None,
) -> None:  # fmt: skip
    """Make a token and print what its holder has to send; it is shown this once.

    As soon as there is one, every call needs one. The first one's owner gets all that there is.
    """
    new = NewToken(name=name, scope=scope, days=days or None)
    with _database(data_dir) as session:
        is_first = not repository.any_made(session)
        record, credential = repository.add(session, repository.owner_named(session, owner), new)
    typer.echo(f"The token {record.id} of '{owner}' {_validity(record)}.", err=True)
    if is_first:
        typer.echo("From now on every call needs a token.", err=True)
    typer.echo(credential)


@tokens.command("list")
def listing(data_dir: Folder = None) -> None:
    """All tokens of all owners, newest first, without their secrets."""
    with _database(data_dir) as session:
        names = repository.owner_names(session)
        for record in _all(session):
            used = f"used {record.last_used_at:%F %R}" if record.last_used_at else "never used"
            state = "was revoked" if record.revoked_at else _validity(record)
            parts = (names[record.owner_id], record.scope, record.name, f"{state}; {used}")
            typer.echo("  ".join((record.id, *parts)))


@tokens.command("revoke")
def revoke(token: str, data_dir: Folder = None) -> None:
    """Let a token, named by its id, open nothing from the next call on."""
    with _database(data_dir) as session:
        typer.echo(repository.revoke(session, token.partition(".")[0]).id)


@contextmanager
def _database(data_dir: Path | None) -> Iterator[Session]:
    settings = Settings(data_dir=data_dir) if data_dir else Settings()
    database = Database(settings.sqlalchemy_url)
    try:
        database.migrate()
        with database.writing() as session:
            yield session
    finally:
        database.close()


def _all(session: Session) -> Iterator[TokenRecord]:
    page = Page(limit=500)
    while True:
        found = repository.listing(session, page)
        yield from found.items
        if found.next is None:
            return
        page = Page(limit=500, cursor=found.next)


def _validity(record: TokenRecord) -> str:
    return f"is valid until {record.expires_at:%F}" if record.expires_at else "never expires"
