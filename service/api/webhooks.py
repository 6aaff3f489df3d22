"""Routes of webhooks."""

from contextlib import suppress
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Response

from service.api.lists import AskedOf
from service.api.parts import PartsOf, Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, takes
from service.bodies.common import Items
from service.bodies.webhooks import DeliveryBody, MadeWebhookBody, NewWebhookBody, WebhookBody
from service.courier import checked_address
from service.failures import InvalidWebhook
from service.repositories import webhooks

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=Route)


@router.post("", status_code=201, summary="Post a webhook", dependencies=[Depends(takes(JSON))])
def post(
    body: NewWebhookBody, session: Writing, parts: PartsOf, response: Response
) -> MadeWebhookBody:
    """It is told of every job that ends from now on; every call makes another, with its own secret,
    which is shown only here.
    """
    _check(body.url, parts.settings.webhook_private_addresses)
    record = webhooks.add(session, body.new)
    response.headers["location"] = f"/v1/webhooks/{record.id}"
    response.headers["cache-control"] = "no-store"
    return MadeWebhookBody.made(record)


@router.get("", summary="List webhooks")
def listing(session: Reading, asked: AskedOf) -> Items[WebhookBody]:
    """Newest first."""
    found = webhooks.listing(session, asked.page)
    return asked.answer(found, [WebhookBody.of(record) for record in found.items])


@router.get("/{webhook_id}", summary="Show a webhook")
def show(webhook_id: str, session: Reading) -> WebhookBody:
    """Without its secret."""
    return WebhookBody.of(webhooks.get(session, webhook_id))


@router.get("/{webhook_id}/deliveries", summary="List what was sent to a webhook")
def deliveries(webhook_id: str, session: Reading, asked: AskedOf) -> Items[DeliveryBody]:
    """Newest first, with what the last attempt met."""
    found = webhooks.deliveries(session, webhook_id, asked.page)
    return asked.answer(found, [DeliveryBody.of(record) for record in found.items])


@router.delete("/{webhook_id}", status_code=204, summary="Delete a webhook")
def delete(webhook_id: str, session: Writing) -> None:
    """With its log; nothing more is sent."""
    webhooks.delete(session, webhook_id)


def _check(url: str, private_addresses: bool) -> None:
    """Raises InvalidWebhook, AddressNotAllowed. The address is checked again whenever something is
    sent; so a name that nobody knows yet may pass.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise InvalidWebhook(f"The webhook's URL cannot be read: {exc}.") from exc
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise InvalidWebhook(
            "The webhook's URL is not of the form https://host/path, without a password in it. "
            "What is sent is signed; check the signature instead."
        )
    with suppress(OSError, UnicodeError):
        checked_address(host, port or 443, private_addresses)
