"""Students, and what was measured of them or made from them."""

from typing import Any, Literal

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import PREPARED, Base, Digest, Identified, Prepared, states


class StudentRow(Identified, Base):
    """Never changed after it is made; its measurement stands beside it.

    `origin` tells what made it: a selection, or the refinement of its parent.
    """

    __tablename__ = "students"
    library_id: Mapped[str] = mapped_column(ForeignKey("libraries.id"), index=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("students.id"), index=True)
    origin: Mapped[Literal["selection", "refinement"]] = mapped_column(
        String(16), server_default="selection"
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    budget: Mapped[dict[str, Any]]
    strategy: Mapped[str] = mapped_column(String(32))
    settings: Mapped[dict[str, Any]]
    selection: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any] | None]
    checkpoint_sha256: Mapped[str] = mapped_column(Digest)
    checkpoint_size_bytes: Mapped[int]


class TrialRow(Base):
    """One proposal that an iterative strategy made on its way to a student."""

    __tablename__ = "trials"
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    choices: Mapped[list[Any]]
    loss: Mapped[float]
    feasible: Mapped[bool]


class MeasurementRow(Prepared, Base):
    """What a student really reaches, in percent, and the file after its refit."""

    __tablename__ = "measurements"
    __table_args__ = (states(*PREPARED),)
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), unique=True
    )
    assembled: Mapped[dict[str, Any] | None]
    refitted: Mapped[dict[str, Any] | None]
    teacher: Mapped[dict[str, Any] | None]
    refitted_sha256: Mapped[str | None] = mapped_column(Digest)
    refitted_size_bytes: Mapped[int | None]


class RefinementRow(Prepared, Base):
    """More work on a student, whose result is another one; accuracies in percent, gain in points.

    `digest` is over the student and the settings.
    """

    __tablename__ = "refinements"
    __table_args__ = (states(*PREPARED),)
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    settings: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    gain: Mapped[dict[str, Any] | None]
    result_id: Mapped[str | None] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), unique=True
    )
