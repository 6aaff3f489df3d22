"""Clients: a connection to one service, with all of its calls, synchronous or asynchronous."""

import os
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self

import httpx2

from service.client.about import ServiceCalls
from service.client.datasets import DatasetCalls
from service.client.devices import DeviceCalls
from service.client.drivers import Awaiting, Blocking
from service.client.errors import ClientError
from service.client.jobs import JobCalls
from service.client.libraries import LibraryCalls
from service.client.patience import Patience
from service.client.searches import SearchCalls
from service.client.students import StudentCalls
from service.client.teachers import TeacherCalls
from service.client.tokens import TokenCalls
from service.client.uploads import UploadCalls
from service.client.webhooks import WebhookCalls

URL_VARIABLE, TOKEN_VARIABLE = "STUDENT_SEARCH_URL", "STUDENT_SEARCH_TOKEN"
LOCAL = "http://127.0.0.1:8000"
TIMEOUT_SECONDS = 60.0
USUAL = Patience()


class Calls(
    ServiceCalls, DatasetCalls, TeacherCalls, LibraryCalls, StudentCalls, SearchCalls, DeviceCalls,
    JobCalls, UploadCalls, WebhookCalls, TokenCalls,
):  # fmt: skip
    """Everything that the service can be asked for."""


class Client(Calls, Blocking):
    """One connection to one service; to be closed, or used as a context manager.

    Every method raises Refused for a problem, and Unreachable when the service does not answer,
    also after it was asked again. Lists are iterators over all pages.
    """

    def __init__(
        self,
        url: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        token: str | None = None,
        patience: Patience = USUAL,
    ) -> None:
        """The url is by default that of STUDENT_SEARCH_URL, else this machine's port 8000. The
        token, by default that of STUDENT_SEARCH_TOKEN, goes with every call.
        """
        super().__init__(httpx2.Client(**_options(url, timeout_seconds, token)), patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    @property
    def url(self) -> str:
        """Where the service is."""
        return str(self._http.base_url).rstrip("/")


class AsyncClient(Calls, Awaiting):
    """The same calls, to be awaited; lists are asynchronous iterators."""

    def __init__(
        self,
        url: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        token: str | None = None,
        patience: Patience = USUAL,
    ) -> None:
        """As for `Client`."""
        super().__init__(httpx2.AsyncClient(**_options(url, timeout_seconds, token)), patience)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connection back."""
        await self._http.aclose()

    @property
    def url(self) -> str:
        """Where the service is."""
        return str(self._http.base_url).rstrip("/")


def _options(url: str | None, timeout_seconds: float, token: str | None) -> dict[str, Any]:
    """Raises ClientError for an address or a token that cannot be one."""
    address = _address(url or os.environ.get(URL_VARIABLE) or LOCAL)
    token = (token or os.environ.get(TOKEN_VARIABLE) or "").strip()
    if not (token.isascii() and token.isprintable()):
        raise ClientError("The token has characters that no token has. Copy it again, whole.")
    return {
        "base_url": address,
        "timeout": timeout_seconds,
        "trust_env": not _is_loopback(address.host),
        "headers": {"authorization": f"Bearer {token}"} if token else None,
    }


def _address(url: str) -> httpx2.URL:
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        address = httpx2.URL()
    if address.scheme not in ("http", "https") or not address.host:
        raise ClientError(f"'{url}' is no address of a service. Write it like {LOCAL}.")
    return address


def _is_loopback(host: str) -> bool:
    """Such addresses are no business of a proxy that the environment names."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
