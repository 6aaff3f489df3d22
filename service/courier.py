"""Courier: takes what is due to the webhooks, signed, and only to where it may go.

The signature is that of the Standard Webhooks specification (standardwebhooks.com), so that whoever
is told finds a library which checks it.
"""

import hmac
import logging
import socket
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer

import httpcore2

from service.database import Database
from service.failures import AddressNotAllowed
from service.repositories import webhooks
from service.repositories.webhooks import Parcel

Headers = dict[str | bytes, str | bytes]

log = logging.getLogger(__name__)

STEP_SECONDS = 5.0
LIMIT_SECONDS = 15.0
MOST_A_ROUND = 20
NAT64 = IPv6Network("64:ff9b::/96")
TIMEOUTS = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), STEP_SECONDS)}


class Courier:
    """Any number of couriers may serve one database: each takes other parcels."""

    def __init__(
        self,
        database: Database,
        private_addresses: bool,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database, self._clock = database, clock
        self._backend = CheckedBackend(private_addresses)

    def deliver(self) -> None:
        """What is due, one after the other, up to a number. What is refused or fails is tried again
        later and later, at last given up.
        """
        for _ in range(MOST_A_ROUND):
            with self._database.reading() as session:
                if not webhooks.any_due(session, self._clock()):
                    return
            with self._database.writing() as session:
                parcel = webhooks.take(session, self._clock())
            if parcel is None:
                return
            delivered, answer = self._send(parcel)
            log.info("A webhook was told of %s: %s", parcel.id, answer)
            with self._database.writing() as session:
                webhooks.note(session, parcel, delivered, answer)

    def _send(self, parcel: Parcel) -> tuple[bool, str]:
        """Redirects are not followed: their goal is not what the owner named."""
        headers = signed(parcel, int(self._clock().timestamp()))
        try:
            with httpcore2.ConnectionPool(network_backend=self._backend) as pool:
                return self._post(pool, parcel, headers)
        except AddressNotAllowed as exc:
            return False, str(exc)
        except (OSError, ValueError, httpcore2.NetworkError, httpcore2.TimeoutException,
                httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as exc:  # fmt: skip
            return False, f"It could not be sent: {type(exc).__name__} {exc}."

    def _post(
        self,
        pool: httpcore2.ConnectionPool,
        parcel: Parcel,
        headers: Headers,
    ) -> tuple[bool, str]:
        limit = Timer(LIMIT_SECONDS, self._backend.hang_up)
        limit.start()
        try:
            with pool.stream(
                "POST", parcel.url, headers=headers, content=parcel.body.encode(),
                extensions=TIMEOUTS,
            ) as answer:  # fmt: skip
                return 200 <= answer.status < 300, f"The answer was {answer.status}."
        finally:
            limit.cancel()


class CheckedBackend(httpcore2.NetworkBackend):
    """Connects to addresses that were checked, not to names, which could be resolved differently a
    second time.
    """

    def __init__(self, private_addresses: bool) -> None:
        self._inner = httpcore2.SyncBackend()
        self._private_addresses = private_addresses
        self._stream: httpcore2.NetworkStream | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Raises AddressNotAllowed."""
        address = checked_address(host, port, self._private_addresses)
        self._stream = self._inner.connect_tcp(
            address, port, timeout, local_address, socket_options or ()
        )
        return self._stream

    def hang_up(self) -> None:
        """Whatever is going on."""
        if self._stream is not None:
            self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def checked_address(host: str, port: int, private_addresses: bool) -> str:
    """The first address of a host, all of whose addresses may be connected to.

    Raises AddressNotAllowed, and OSError for a name without addresses.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not (private_addresses or is_public(address)):
            raise AddressNotAllowed(host, address)
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is everybody's: none of a private network, of this machine, of a link, or
    of many; also where it is an IPv4 address in IPv6's clothes.
    """
    parsed = ip_address(address.partition("%")[0])
    within: list[IPv4Address | IPv6Address] = [parsed]
    if isinstance(parsed, IPv6Address):
        within += _embedded(parsed)
    return all(each.is_global and not each.is_multicast for each in within)


def _embedded(address: IPv6Address) -> list[IPv4Address]:
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        found.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [each for each in found if each is not None]


def signed(parcel: Parcel, timestamp: int) -> Headers:
    """The headers that say from whom and when a parcel is."""
    key = b64decode(parcel.secret.removeprefix("whsec_"))
    content = f"{parcel.id}.{timestamp}.{parcel.body}".encode()
    signature = b64encode(hmac.new(key, content, sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "user-agent": "student-search",
        "webhook-id": parcel.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
