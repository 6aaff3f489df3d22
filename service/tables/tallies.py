"""Tallies."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base


class TallyRow(Base):
    """How often something happened; the sum over all parts is what counts."""

    __tablename__ = "tallies"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]
