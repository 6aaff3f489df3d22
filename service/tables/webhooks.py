"""Webhooks, and what is to be delivered to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, Identified, states

DELIVERY = ("pending", "delivered", "failed")


class WebhookRow(Identified, Base):
    """Where an owner wants to be told of jobs that end; `secret` signs what is sent."""

    __tablename__ = "webhooks"
    url: Mapped[str] = mapped_column(String(2048))
    events: Mapped[list[Any]]
    secret: Mapped[str] = mapped_column(String(64))


class DeliveryRow(Identified, Base):
    """One event for one webhook. It is next sent at `next_attempt_at`, which whoever sends it puts
    off before, so that neither a second sender nor the death of the first does any harm.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        states(*DELIVERY),
        Index("ix_deliveries_state_next_attempt_at", "state", "next_attempt_at"),
    )
    webhook_id: Mapped[str] = mapped_column(
        ForeignKey("webhooks.id", ondelete="CASCADE"), index=True
    )
    event: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
