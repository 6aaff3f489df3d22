"""Webhooks, and the log of what was sent to them."""

import json
import secrets
from base64 import b64encode
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from candidates.value import Value
from service.repositories import prepared
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Page, rows_of_page
from service.tables import DeliveryRow, JobRow, WebhookRow
from service.webhook_records import DeliveryRecord, NewWebhook, WebhookRecord

KIND = "webhook"
SECRET_BYTES = 32
WAITS = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200, 28_800, 86_400))
"""Between attempts, the first of which comes at once; so the last comes after a day and a half."""


class Parcel(Value):
    """What is to be sent now; `is_last` if it is not tried again."""

    id: str
    url: str
    secret: str
    body: str
    is_last: bool


def add(session: Session, new: NewWebhook) -> WebhookRecord:
    """Another one, with a secret of its own."""
    row = WebhookRow(
        id=new_id(KIND),
        created_at=datetime.now(UTC),
        url=new.url,
        events=list(new.events),
        secret="whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode(),
    )
    session.add(row)
    session.flush()
    return _record(row)


def get(session: Session, webhook_id: str) -> WebhookRecord:
    """Raises UnknownResource."""
    return _record(prepared.row_of(session, WebhookRow, KIND, webhook_id))


def listing(session: Session, page: Page) -> Listing[WebhookRecord]:
    """Newest first."""
    rows, following = rows_of_page(session, WebhookRow, page)
    return Listing(items=tuple(map(_record, rows)), next=following)


def delete(session: Session, webhook_id: str) -> None:
    """With its log; what was not yet delivered never will be. Raises UnknownResource."""
    session.delete(prepared.row_of(session, WebhookRow, KIND, webhook_id))
    session.flush()


def deliveries(session: Session, webhook_id: str, page: Page) -> Listing[DeliveryRecord]:
    """Newest first. Raises UnknownResource."""
    prepared.row_of(session, WebhookRow, KIND, webhook_id)
    rows, following = rows_of_page(session, DeliveryRow, page, DeliveryRow.webhook_id == webhook_id)
    return Listing(items=tuple(map(_delivery, rows)), next=following)


def announce(session: Session, job: JobRow, now: datetime) -> None:
    """In the transaction that ends a job: all webhooks of its owner are to be told."""
    event = f"job.{job.state}"
    body = json.dumps({"type": event, "timestamp": now.isoformat(), "data": _data(job)})
    mine = select(WebhookRow).where(WebhookRow.owner_id == job.owner_id)
    session.add_all(
        DeliveryRow(
            id=new_id("delivery"),
            created_at=now,
            owner_id=job.owner_id,
            webhook_id=webhook.id,
            event=event,
            body=body,
            next_attempt_at=now,
        )
        for webhook in session.scalars(mine)
        if event in webhook.events
    )


def any_due(session: Session, now: datetime) -> bool:
    """Whether `take` would find something."""
    due = (DeliveryRow.state == "pending", DeliveryRow.next_attempt_at <= now)
    return session.scalar(select(DeliveryRow.id).where(*due).limit(1)) is not None


def take(session: Session, now: datetime) -> Parcel | None:
    """The next delivery that is due, put off until its next attempt; None if there is none."""
    due = (DeliveryRow.state == "pending", DeliveryRow.next_attempt_at <= now)
    query = select(DeliveryRow).where(*due).order_by(DeliveryRow.next_attempt_at).limit(1)
    row = session.scalar(query.with_for_update(skip_locked=True))
    if row is None:
        return None
    row.next_attempt_at = now + WAITS[min(row.attempts, len(WAITS) - 1)]
    row.attempts += 1
    row.last_attempt_at = now
    webhook = session.get_one(WebhookRow, row.webhook_id)
    return Parcel(
        id=row.id,
        url=webhook.url,
        secret=webhook.secret,
        body=row.body,
        is_last=row.attempts > len(WAITS),
    )


def note(session: Session, parcel: Parcel, delivered: bool, answer: str) -> None:
    """What became of an attempt."""
    values: dict[str, str] = {"answer": answer}
    if delivered or parcel.is_last:
        values["state"] = "delivered" if delivered else "failed"
    mine = (DeliveryRow.id == parcel.id, DeliveryRow.state == "pending")
    session.execute(update(DeliveryRow).where(*mine).values(values))


def _data(job: JobRow) -> dict[str, object]:
    return {
        "job": job.id,
        "kind": job.kind,
        "resource": job.resource_id,
        "state": job.state,
        "error": job.error,
    }


def _record(row: WebhookRow) -> WebhookRecord:
    return WebhookRecord.model_validate({
        "id": row.id,
        "url": row.url,
        "events": row.events,
        "secret": row.secret,
        "created_at": row.created_at,
    })  # fmt: skip


def _delivery(row: DeliveryRow) -> DeliveryRecord:
    return DeliveryRecord.model_validate({
        "id": row.id,
        "event": row.event,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": row.next_attempt_at if row.state == "pending" else None,
        "last_attempt_at": row.last_attempt_at,
        "answer": row.answer,
        "created_at": row.created_at,
    })  # fmt: skip
