"""What Alembic runs for every command: with the service's connection, or from the shell its own."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection

from service.database import Database
from service.settings import Settings
from service.tables import Base, Moment


def run(connection: Connection) -> None:
    """Run the command's migrations over an open connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_from_shell() -> None:
    """Open the database that the settings name."""
    database = Database(Settings().sqlalchemy_url)
    with database.migrating() as connection:
        run(connection)
    database.close()


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Revisions must not depend on the service's types, which may change."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


given = context.config.attributes.get("connection")
if given is None:
    run_from_shell()
else:
    run(given)
