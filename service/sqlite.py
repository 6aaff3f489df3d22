"""SQLite: an engine whose transactions begin as they say, and whose writers stand in a queue."""

from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

BUSY_SECONDS = 30
WRITE = "BEGIN IMMEDIATE"
QUEUE = "queue of writers"


def engine(url: str) -> Engine:
    """For a file, which is made with its folder if it is not there.

    A transaction begins with the statement in the execution option `begin`. One that begins with
    `WRITE` waits for those of this process in a queue. SQLite itself only lets writers try again
    and again, and whoever waits longest sleeps longest between two tries.
    """
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    queue = Lock()
    event.listen(made, "connect", _prepare)
    event.listen(made, "begin", lambda connection: _begin(connection, queue))
    event.listen(made, "checkin", _leave)
    return made


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin transactions at moments of its own
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection, queue: Lock) -> None:
    statement = connection.get_execution_options().get("begin", "BEGIN")
    if statement == WRITE and QUEUE not in connection.info:
        if not queue.acquire(timeout=BUSY_SECONDS):
            raise OperationalError(WRITE, None, TimeoutError("another thread writes for too long"))
        connection.info[QUEUE] = queue
    connection.exec_driver_sql(statement)


def _leave(_connection: object, record: Any) -> None:
    """When a connection goes back to the pool, its transaction is over, however it ended."""
    queue = record.info.pop(QUEUE, None)
    if queue is not None:
        queue.release()
