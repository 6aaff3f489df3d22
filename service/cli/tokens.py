"""Commands on tokens: directly on the database, so that they can make the first."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.command import command
from service.cli.shell import Screen
from service.token_records import NewToken, Scope, TokenRecord

if TYPE_CHECKING:  # only where the server's packages are
    from service.database import Session

OWNER = "default"

tokens = typer.Typer(no_args_is_help=True, help="What callers show; made on the server itself.")

Folder = Annotated[
    Path | None, typer.Option(help="The service's data_dir, if STUDENT_SEARCH_DATA_DIR is not it.")
]


@command(tokens, "create")
def create(
    screen: Screen,
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
    from service.repositories import tokens as repository

    new = NewToken(name=name, scope=scope, days=days or None)
    with _database(data_dir) as session:
        is_first = not repository.any_made(session)
        record, credential = repository.add(session, repository.owner_named(session, owner), new)
    screen.say(f"The token {record.id} of '{owner}' {_validity(record)}.")
    if is_first:
        screen.say("From now on every call needs a token.")
    screen.answer(credential, {**record.model_dump(), "credential": str(credential)})


@command(tokens, "list")
def listing(screen: Screen, data_dir: Folder = None) -> None:
    """All tokens of all owners, newest first, without their secrets."""
    from service.repositories import tokens as repository

    with _database(data_dir) as session:
        names = repository.owner_names(session)
        found = list(_all(session))
    screen.answer_rows([_row(names[each.owner_id], each) for each in found], found)


@command(tokens, "revoke")
def revoke(screen: Screen, token: str, data_dir: Folder = None) -> None:
    """Let a token, named by its id, open nothing from the next call on."""
    from service.repositories import tokens as repository

    with _database(data_dir) as session:
        revoked = repository.revoke(session, token.partition(".")[0])
    screen.answer(revoked.id, revoked)


@contextmanager
def _database(data_dir: Path | None) -> Iterator["Session"]:
    from service.database import Database
    from service.settings import Settings

    settings = Settings(data_dir=data_dir) if data_dir else Settings()
    database = Database(settings.sqlalchemy_url)
    try:
        database.migrate()
        with database.writing() as session:
            yield session
    finally:
        database.close()


def _all(session: "Session") -> Iterator[TokenRecord]:
    from service.repositories import tokens as repository
    from service.repositories.pages import Page

    page = Page(limit=500)
    while True:
        found = repository.listing(session, page)
        yield from found.items
        if found.next is None:
            return
        page = Page(limit=500, cursor=found.next)


def _row(owner: str, record: TokenRecord) -> list[str]:
    used = f"used {record.last_used_at:%F %R}" if record.last_used_at else "never used"
    state = "was revoked" if record.revoked_at else _validity(record)
    return [record.id, owner, record.scope, record.name, f"{state}; {used}"]


def _validity(record: TokenRecord) -> str:
    return f"is valid until {record.expires_at:%F}" if record.expires_at else "never expires"
