"""Bodies of webhooks."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.bodies.common import Resource
from service.webhook_records import EVENTS, DeliveryRecord, Event, NewWebhook, WebhookRecord


class NewWebhookBody(BaseModel):
    """Where to send what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://ci.example.org/hooks/student-search"}]},
    )

    url: str = Field(
        max_length=2048,
        description="http:// or https://, on a public address; redirects are not followed.",
        examples=["https://ci.example.org/hooks/student-search"],
    )
    events: tuple[Event, ...] = Field(
        default=EVENTS, min_length=1, description="Of which events to tell; by default of all."
    )

    @property
    def new(self) -> NewWebhook:
        """What is to be made."""
        return NewWebhook(url=self.url, events=tuple(dict.fromkeys(self.events)))


class WebhookBody(Resource):
    """Is told of every job of its owner that ends."""

    url: str
    events: tuple[Event, ...]

    @classmethod
    def of(cls, record: WebhookRecord) -> "WebhookBody":
        """Without the secret."""
        return cls(**record.model_dump(exclude={"secret"}))


class MadeWebhookBody(WebhookBody):
    """A new webhook, with what is never shown again."""

    secret: str = Field(
        description="Signs what is sent, as the Standard Webhooks specification says."
    )

    @classmethod
    def made(cls, record: WebhookRecord) -> "MadeWebhookBody":
        """With the secret."""
        return cls(**record.model_dump())


class DeliveryBody(BaseModel):
    """What was sent, or is to be; its id is the header webhook-id, the same at every attempt."""

    id: str
    event: Event
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    next_attempt_at: datetime | None = Field(description="While it is pending.")
    last_attempt_at: datetime | None
    answer: str | None = Field(description="What the last attempt met, as a sentence.")
    created_at: datetime

    @classmethod
    def of(cls, record: DeliveryRecord) -> "DeliveryBody":
        """All of it."""
        return cls(**record.model_dump())
