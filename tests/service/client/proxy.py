"""A proxy that loses connections as a test wants it to."""

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

ANSWER_BYTES = 65536


@dataclass(frozen=True)
class Plan:
    """What becomes of one connection: it is cut after so many bytes to the service or back, or
    answered without the service ever hearing of it.
    """

    cut_up: float = float("inf")
    cut_down: float = float("inf")
    answer: bytes = b""


@dataclass
class Proxy:
    """Connections follow the plans, in their order; those without a plan are left alone."""

    port: int
    target: tuple[str, int]
    plans: deque[Plan] = field(default_factory=deque)
    num_connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        self.num_connections += 1
        self.connections.append(connection)
        with connection:
            self._follow(connection)

    def cut(self) -> None:
        """All connections that are there."""
        for each in self.connections:
            _end(each)

    def _follow(self, connection: socket.socket) -> None:
        plan = self.plans.popleft() if self.plans else Plan()
        if plan.answer:
            self.heads.append(connection.recv(ANSWER_BYTES))
            connection.sendall(plan.answer)
            return
        with socket.create_connection(self.target) as service:
            back = threading.Thread(target=_pump, args=(service, connection, plan.cut_down))
            back.start()
            _pump(connection, service, plan.cut_up, self.heads)
            back.join()


def answered(status: str, *headers: str, body: str = "") -> Plan:
    """An answer that another server might give in the place of the service."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return Plan(answer=("\r\n".join(lines) + "\r\n\r\n" + body).encode())


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    """A proxy before the service at an address."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(listener.getsockname()[1], (host, int(port)))
        threads: list[threading.Thread] = []
        accepting = threading.Thread(target=_accept, args=(listener, proxy, threads))
        accepting.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def _accept(listener: socket.socket, proxy: Proxy, threads: list[threading.Thread]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threads.append(threading.Thread(target=proxy.serve, args=(connection,)))
        threads[-1].start()


def _pump(
    source: socket.socket, target: socket.socket, cut: float, seen: list[bytes] | None = None
) -> None:
    """Until one side ends or so many bytes have gone over; then both end."""
    passed = 0
    try:
        while passed < cut and (data := source.recv(ANSWER_BYTES)):
            if seen is not None:
                seen.append(data)
            passed += len(data)
            target.sendall(data[: int(min(len(data), len(data) - (passed - cut)))])
    except OSError:
        pass
    _end(source)
    _end(target)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended already
