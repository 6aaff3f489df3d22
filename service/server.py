"""Server: the web process, on a socket whose address is known before it answers."""

import socket

import uvicorn

from candidates.errors import StudentSearchError
from service.app import create_app
from service.settings import Settings

ADDRESS_FILE = "address"
SHUTDOWN_SECONDS = 10
BACKLOG = 2048


class AddressTaken(StudentSearchError):
    """The service cannot listen where it should."""


def listen(settings: Settings) -> tuple[socket.socket, str]:
    """A listening socket and its URL, which is also left in data_dir/address; AddressTaken.

    Whoever connects before the service is up waits for it.
    """
    try:
        listener = _bound(settings.host, settings.port)
    except OSError as exc:
        raise AddressTaken(
            f"Cannot listen on {settings.host}, port {settings.port}: {exc.strerror}. "
            "Choose another with --host and --port; port 0 takes a free one."
        ) from exc
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{listener.getsockname()[1]}"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / ADDRESS_FILE).write_text(url + "\n")
    return listener, url


def serve(settings: Settings, listener: socket.socket) -> None:
    """Until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        create_app(settings),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _bound(host: str, port: int) -> socket.socket:
    """Like `socket.create_server`, but with the protocol named.

    Only then does asyncio switch Nagle's algorithm off, which together with delayed
    acknowledgements would add 40 ms to every answer.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
