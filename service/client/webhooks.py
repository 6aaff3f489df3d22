"""Calls on webhooks."""

from collections.abc import Sequence

from service.bodies.webhooks import DeliveryBody, MadeWebhookBody, WebhookBody
from service.client.calls import delete, get, listed, path, post
from service.client.effects import Operation, Telling
from service.client.operation import listing, operation
from service.webhook_records import EVENTS, Event


class WebhookCalls:
    """URLs that are told when jobs end."""

    @operation
    def post_webhook(
        self, url: str, events: Sequence[Event] = EVENTS
    ) -> Operation[MadeWebhookBody]:
        """With its secret, which is told this once."""
        body = {"url": url, "events": list(events)}
        return (yield from post(MadeWebhookBody, path("webhooks"), json=body))

    @operation
    def webhook(self, webhook: str) -> Operation[WebhookBody]:
        """A webhook by its id."""
        return (yield from get(WebhookBody, path("webhooks", webhook)))

    @listing
    def webhooks(self) -> Telling[WebhookBody]:
        """All of them, newest first."""
        return listed(WebhookBody, path("webhooks"))

    @listing
    def deliveries(self, webhook: str) -> Telling[DeliveryBody]:
        """What was sent to a webhook, or is to be."""
        return listed(DeliveryBody, path("webhooks", webhook, "deliveries"))

    @operation
    def delete_webhook(self, webhook: str) -> Operation[None]:
        """With its log."""
        yield from delete(path("webhooks", webhook))
