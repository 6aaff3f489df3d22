"""Tokens, and the owners in whose names they call."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from candidates.value import Value
from service.credentials import Credential
from service.repositories import prepared
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Page, rows_of_page
from service.tables import DEFAULT_OWNER, OwnerRow, TokenRow

KIND = "token"
USE_SECONDS = 60
"""How precisely the last use is kept: more would be a write for every request."""

Scope = Literal["read", "write", "admin"]
"""Each may do what those before it may."""


class NewToken(Value):
    """What a token is to be; `days` from now it expires, or never."""

    name: str = Field(min_length=1, max_length=200)
    scope: Scope
    days: int | None = Field(default=365, ge=1, le=3650)


class TokenRecord(Value):
    """A token without its secret, which nobody but its holder knows."""

    id: str
    owner_id: str
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def owner_named(session: Session, name: str) -> str:
    """The owner's id. The first token's owner takes over what was made before there were tokens;
    later unknown names make new owners.
    """
    known = session.scalar(select(OwnerRow.id).where(OwnerRow.name == name))
    if known is not None:
        return known
    if not any_made(session):
        session.get_one(OwnerRow, DEFAULT_OWNER).name = name
        return DEFAULT_OWNER
    row = OwnerRow(id=new_id("owner"), created_at=datetime.now(UTC), name=name)
    session.add(row)
    session.flush()
    return row.id


def add(session: Session, owner_id: str, new: NewToken) -> tuple[TokenRecord, Credential]:
    """The token, and what its holder has to show: it is told once and kept nowhere."""
    now = datetime.now(UTC)
    credential = Credential.new(new_id(KIND))
    row = TokenRow(
        id=credential.token_id,
        created_at=now,
        owner_id=owner_id,
        name=new.name,
        scope=new.scope,
        secret_sha256=credential.digest,
        expires_at=None if new.days is None else now + timedelta(days=new.days),
    )
    session.add(row)
    session.flush()
    return _record(row), credential


def any_made(session: Session) -> bool:
    """Whether there ever was a token, of anybody's."""
    return bool(session.scalar(select(exists().select_from(TokenRow))))


def shown(session: Session, credential: Credential) -> TokenRecord | None:
    """The token whose secret this is, valid or not."""
    row = session.get(TokenRow, credential.token_id)
    digest = "" if row is None else row.secret_sha256
    return _record(row) if credential.fits(digest) and row is not None else None


def note_use(session: Session, token_id: str, now: datetime) -> None:
    """That a token was used."""
    session.execute(update(TokenRow).where(TokenRow.id == token_id).values(last_used_at=now))


def get(session: Session, token_id: str) -> TokenRecord:
    """Raises UnknownResource."""
    return _record(prepared.row_of(session, TokenRow, KIND, token_id))


def listing(session: Session, page: Page) -> Listing[TokenRecord]:
    """Newest first, also those that are valid no more."""
    rows, following = rows_of_page(session, TokenRow, page)
    return Listing(items=tuple(map(_record, rows)), next=following)


def revoke(session: Session, token_id: str) -> TokenRecord:
    """From now on it opens nothing; once revoked it stays so. UnknownResource."""
    row = prepared.row_of(session, TokenRow, KIND, token_id)
    row.revoked_at = row.revoked_at or datetime.now(UTC)
    session.flush()
    return _record(row)


def owner_names(session: Session) -> dict[str, str]:
    """By id."""
    return {row.id: row.name for row in session.scalars(select(OwnerRow))}


def _record(row: TokenRow) -> TokenRecord:
    return TokenRecord.model_validate({
        name: getattr(row, name) for name in TokenRecord.model_fields
    })  # fmt: skip
