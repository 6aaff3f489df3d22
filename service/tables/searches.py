"""Surveys and searches, which measure many students."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import PREPARED, Base, Digest, Prepared, states


class SurveyRow(Prepared, Base):
    """Students spread over a library, to be measured; `digest` is over library and settings."""

    __tablename__ = "surveys"
    __table_args__ = (states(*PREPARED),)
    library_id: Mapped[str] = mapped_column(
        ForeignKey("libraries.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    settings: Mapped[dict[str, Any]]


class SurveyStudentRow(Base):
    """A student of a survey, at its place."""

    __tablename__ = "survey_students"
    survey_id: Mapped[str] = mapped_column(
        ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), index=True
    )


class SearchRow(Prepared, Base):
    """A search that measures what it proposes; `digest` is over library, budget and settings.

    `student_id` is the best so far, once the search ended or was cancelled.
    """

    __tablename__ = "searches"
    __table_args__ = (states(*PREPARED),)
    library_id: Mapped[str] = mapped_column(
        ForeignKey("libraries.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    budget: Mapped[dict[str, Any]]
    settings: Mapped[dict[str, Any]]
    student_id: Mapped[str | None] = mapped_column(
        ForeignKey("students.id", ondelete="SET NULL"), index=True
    )


class SearchTrialRow(Base):
    """A student that a search measured on the scoring images; `loss` is its summed KL."""

    __tablename__ = "search_trials"
    search_id: Mapped[str] = mapped_column(
        ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    choices: Mapped[list[Any]]
    loss: Mapped[float]
    score: Mapped[dict[str, Any]]
