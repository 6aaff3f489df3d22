"""Records of webhooks, and of what was sent to them."""

from datetime import datetime
from typing import Literal

from candidates.value import Value

Event = Literal["job.succeeded", "job.failed", "job.cancelled"]
EVENTS: tuple[Event, ...] = ("job.succeeded", "job.failed", "job.cancelled")


class NewWebhook(Value):
    """Where to send which events."""

    url: str
    events: tuple[Event, ...]


class WebhookRecord(NewWebhook):
    """The secret is shown only when the webhook is made."""

    id: str
    secret: str
    created_at: datetime


class DeliveryRecord(Value):
    """An event for a webhook, and how far it has come; `answer` is what the last attempt met."""

    id: str
    event: Event
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    answer: str | None
    created_at: datetime
