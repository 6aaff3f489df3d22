"""Owners, and the tokens with which they call."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, Digest, Identified, one_of

SCOPES = ("read", "write", "admin")


class OwnerRow(Base):
    """Whom resources belong to; the first one is there from the start."""

    __tablename__ = "owners"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(64), unique=True)


class TokenRow(Identified, Base):
    """A token, of whose secret only the SHA-256 is kept; rows stay when it is revoked."""

    __tablename__ = "tokens"
    __table_args__ = (one_of("scope", *SCOPES),)
    name: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(String(16))
    secret_sha256: Mapped[str] = mapped_column(Digest)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
