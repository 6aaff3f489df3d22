"""Server: the web process, on a socket whose address is known before it answers."""

import math
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from candidates.errors import StudentSearchError
from service import logs
from service.app import create_app
from service.database import Database
from service.gate import Gate
from service.loopback import is_loopback
from service.settings import Settings

ADDRESS_FILE = "address"
BACKLOG = 2048


class AddressTaken(StudentSearchError):
    """The service cannot listen where it should."""


class StartFailed(StudentSearchError):
    """The service did not come up."""

    def __init__(self) -> None:
        super().__init__("The service could not start; its log says why.")


class TokensNeeded(StudentSearchError):
    """A service that anybody could call was to be reachable from elsewhere."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The service has no token yet, so whoever reached {host} could use it. Make the first "
            "with: student-search token create --scope admin; or listen on 127.0.0.1."
        )


def listen(settings: Settings) -> tuple[socket.socket, str]:
    """A listening socket and its URL, which is also left in data_dir/address.

    Whoever connects before the service is up waits for it. Raises AddressTaken, and TokensNeeded
    for an address that others reach while there is no token.
    """
    if not is_loopback(settings.host):
        _check_closed(settings)
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
    """Until SIGINT or SIGTERM; a second signal ends the process at once. Raises StartFailed.

    Then nobody new is let in; what runs, requests and after them units of work, has stop_seconds
    to come to an end.
    """
    logs.configure("server", settings)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings.stop_seconds),
    )
    server = _Server(config, app.state.parts.watch.close)
    with suppress(SystemExit):  # uvicorn's way to tell of a failed start
        server.run(sockets=[listener])
    if not server.started and not server.told_to_stop:
        raise StartFailed


class _Server(uvicorn.Server):
    """Exits with 0 when told to stop: uvicorn's own would raise the signal once more in the end."""

    told_to_stop = False

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Of SIGINT and SIGTERM."""
        if self.told_to_stop:
            os._exit(128 + sig)  # the launcher and its workers notice, and end by themselves
        self.told_to_stop = self.should_exit = True
        self._on_stop()


def _check_closed(settings: Settings) -> None:
    database = Database(settings.sqlalchemy_url)
    try:
        database.migrate()
        if not Gate(database).is_closed():
            raise TokensNeeded(settings.host)
    finally:
        database.close()


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
