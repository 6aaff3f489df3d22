"""Keep the teacher's own file, and the neighbourhoods of every library.

Files of revision 0001 hold no program, so nothing can be made from them any more: teachers and
libraries of it become failed, with a sentence that says what to do. A teacher that is posted again
starts anew; a library cannot, because its candidates are of the old kind, so it gives up its
digest and posting it again makes another one. Students stay as they are, to be downloaded.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

POST_AGAIN = (
    "This teacher was checked by another version of the service, which kept other files of it. "
    "Post it again."
)
BUILD_AGAIN = (
    "This library was made by another version of the service, from other files. Post its teacher "
    "again, then the library; students that were made from it can still be downloaded."
)


def upgrade() -> None:
    """The tables of version 2."""
    op.add_column("teachers", sa.Column("network_sha256", sa.String(length=64), nullable=True))
    op.add_column("teachers", sa.Column("network_size_bytes", sa.BigInteger(), nullable=True))
    op.add_column("teachers", sa.Column("num_classes", sa.BigInteger(), nullable=True))
    op.add_column("libraries", sa.Column("split", sa.JSON(), nullable=True))
    op.add_column("libraries", sa.Column("fixed_cost", sa.JSON(), nullable=True))
    _retire("0001")


def downgrade() -> None:
    """To the tables of version 1, which read none of the splits of version 2 either.

    Not in a batch: SQLite would make the tables anew, and candidates go with their libraries.
    """
    _retire("0002")
    op.drop_column("libraries", "fixed_cost")
    op.drop_column("libraries", "split")
    op.drop_column("teachers", "num_classes")
    op.drop_column("teachers", "network_size_bytes")
    op.drop_column("teachers", "network_sha256")


def _retire(version: str) -> None:
    """Fail every teacher that was ready, and every library."""
    teachers = sa.table(
        "teachers",
        sa.column("state", sa.String()),
        sa.column("error", sa.JSON()),
        sa.column("split", sa.JSON()),
        sa.column("fixed_cost", sa.JSON()),
    )
    unknown = {"split": sa.null(), "fixed_cost": sa.null()}
    ready = teachers.update().where(teachers.c.state == "ready")
    op.execute(ready.values(state="failed", error=_error(POST_AGAIN), **unknown))
    libraries = sa.table(
        "libraries",
        sa.column("state", sa.String()),
        sa.column("error", sa.JSON()),
        sa.column("digest", sa.String()),
    )
    retired = sa.literal(version) + sa.func.substr(libraries.c.digest, 1 + len(version))
    op.execute(libraries.update().values(state="failed", error=_error(BUILD_AGAIN), digest=retired))


def _error(detail: str) -> dict[str, str]:
    return {"error": "MadeByAnotherVersion", "detail": detail}
