"""Uploads."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, Identified


class UploadRow(Identified, Base):
    """A file that is sent in pieces, which lie in a folder of their own until it is used."""

    __tablename__ = "uploads"
    size_bytes: Mapped[int]
    facts: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)
