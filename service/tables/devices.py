"""Devices and the latencies measured on them."""

from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, Digest, Identified


class DeviceRow(Identified, Base):
    """A target on which networks run, with one table of latencies for every library."""

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)


class LatencyTableRow(Identified, Base):
    """What was measured on a device of a library's parts; never changed after it is posted."""

    __tablename__ = "latency_tables"
    __table_args__ = (UniqueConstraint("device_id", "library_id"),)
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    library_id: Mapped[str] = mapped_column(
        ForeignKey("libraries.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest)
    latencies: Mapped[dict[str, Any]]


class StudentLatencyRow(Identified, Base):
    """What was measured on a device of a whole student; `digest` is over all of it."""

    __tablename__ = "student_latencies"
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    latency_ms: Mapped[float]
    spread_ms: Mapped[float]
    setting: Mapped[dict[str, Any]]
