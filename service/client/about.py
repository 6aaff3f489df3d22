"""Calls about the service itself."""

import httpx2

from service.bodies.health import Readiness, Version
from service.client.calls import get
from service.client.effects import Operation, Request, send
from service.client.errors import Unreachable
from service.client.operation import operation


class ServiceCalls:
    """What runs there, and whether it is well."""

    @operation
    def is_ready(self) -> Operation[bool]:
        """Whether the service answers and can do its work; asked once."""
        try:
            response = yield from send(Request("GET", "/readyz", patient=False))
        except Unreachable:
            return False
        return response.status_code == httpx2.codes.OK

    @operation
    def readiness(self) -> Operation[Readiness]:
        """Whether every part of it works."""
        response = yield from send(Request("GET", "/readyz", patient=False))
        return Readiness.model_validate_json(response.content)

    @operation
    def version(self) -> Operation[Version]:
        """Which version runs."""
        return (yield from get(Version, "/version"))
