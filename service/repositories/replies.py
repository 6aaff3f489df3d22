"""Replies to POSTs with an Idempotency-Key."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Update, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from candidates.value import Value
from service.failures import KeyReused, RequestRunning
from service.repositories.ids import new_id
from service.tables import ReplyRow

SILENT_SECONDS = 10
"""After this long without a sign of life a request counts as dead, and may be made again."""


class Asked(Value):
    """A POST, by the digests of its key and of all the rest of it."""

    key: str
    fingerprint: str


class Running(Value):
    """A request that is being answered; only the newest attempt with a key may commit."""

    id: str
    attempt: int


class Reply(Value):
    """An answer. One that holds a secret is kept without its body, which is then None."""

    status: int
    headers: dict[str, str]
    body: str | None


def begin(session: Session, asked: Asked, kept: timedelta) -> Running | Reply:
    """The attempt that may now be made, or what an earlier one was answered.

    What is older than `kept` is as good as forgotten. Raises KeyReused, RequestRunning.
    """
    now = datetime.now(UTC)
    row = _row(session, asked)
    if row is None:
        row = _inserted(session, asked, now)
    elif row.created_at < now - kept:
        row.created_at, row.fingerprint, row.status = now, asked.fingerprint, None
        row.attempt += 1
    elif row.fingerprint != asked.fingerprint:
        raise KeyReused
    elif row.status is not None:
        return Reply(status=row.status, headers=row.headers or {}, body=row.body)
    elif row.alive_at > now - timedelta(seconds=SILENT_SECONDS):
        raise RequestRunning(SILENT_SECONDS)
    else:
        row.attempt += 1
    row.alive_at = now
    session.flush()
    return Running(id=row.id, attempt=row.attempt)


def hold(session: Session, running: Running) -> None:
    """Show that the request is alive. What commits in the same transaction does so only if no other
    request has taken over: then this raises RequestRunning.
    """
    _change(session, _mine(running).values(alive_at=datetime.now(UTC)))


def keep(session: Session, running: Running, reply: Reply) -> None:
    """From now on this is the answer. Raises RequestRunning like `hold`."""
    _change(session, _mine(running).values(reply.model_dump()))


def release(session: Session, running: Running) -> None:
    """Forget a request that made nothing, so that its key can be used again."""
    mine = (ReplyRow.id == running.id, ReplyRow.attempt == running.attempt)
    session.execute(delete(ReplyRow).where(*mine, ReplyRow.status.is_(None)))


def forget(session: Session, kept: timedelta) -> None:
    """All that is older, whoever's it is."""
    session.execute(delete(ReplyRow).where(ReplyRow.created_at < datetime.now(UTC) - kept))


def _row(session: Session, asked: Asked) -> ReplyRow | None:
    return session.scalar(select(ReplyRow).where(ReplyRow.key == asked.key).with_for_update())


def _inserted(session: Session, asked: Asked, now: datetime) -> ReplyRow:
    """Of two that come at once, one is there before the other."""
    row = ReplyRow(
        id=new_id("reply"), created_at=now, alive_at=now, attempt=1, **asked.model_dump()
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as exc:
        raise RequestRunning(SILENT_SECONDS) from exc
    return row


def _mine(running: Running) -> Update:
    return update(ReplyRow).where(ReplyRow.id == running.id, ReplyRow.attempt == running.attempt)


def _change(session: Session, statement: Update) -> None:
    done: Any = session.execute(statement)
    assert isinstance(done, CursorResult)
    if done.rowcount == 0:
        raise RequestRunning(SILENT_SECONDS)
