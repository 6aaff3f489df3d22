"""Replies: what a POST that came with an Idempotency-Key was answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, Digest, Identified


class ReplyRow(Identified, Base):
    """`key` and `fingerprint` are digests of the key and of the request. The answer is unknown
    while a request runs, which `alive_at` shows; `attempt` grows with each that takes over from one
    that is silent, so that the silent one cannot commit any more.
    """

    __tablename__ = "replies"
    __table_args__ = (UniqueConstraint("owner_id", "key"),)
    key: Mapped[str] = mapped_column(Digest)
    fingerprint: Mapped[str] = mapped_column(Digest)
    attempt: Mapped[int]
    alive_at: Mapped[datetime]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[str | None] = mapped_column(Text)
