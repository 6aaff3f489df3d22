"""Tokens, and the owners in whose names they call."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from service.credentials import Credential
from service.repositories import prepared
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Page, rows_of_page
from service.tables import DEFAULT_OWNER, OwnerRow, TokenRow
from service.token_records import NewToken, TokenRecord

KIND = "token"
USE_SECONDS = 60
"""How precisely the last use is kept: more would be a write for every request."""


_ANY = select(exists().select_from(TokenRow))


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
    return bool(session.scalar(_ANY))


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
