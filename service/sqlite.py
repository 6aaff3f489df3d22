"""SQLite: an engine whose transactions begin as they say, and whose writers stand in a queue."""

import random
import sqlite3
import time
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

BUSY_SECONDS = 30
PAUSE_SECONDS = 0.002
BUSY_TIMEOUT = f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}"
WRITE = "BEGIN IMMEDIATE"
QUEUE = "queue of writers"


def engine(url: str) -> Engine:
    """For a file, which is made with its folder if it is not there.

    A transaction begins with the statement in the execution option `begin`. One that begins with
    `WRITE` waits for those of this process in a queue, and then for those of others.
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
    for pragma in ("PRAGMA journal_mode=WAL", "PRAGMA foreign_keys=ON", BUSY_TIMEOUT):
        connection.execute(pragma)


def _begin(connection: Connection, queue: Lock) -> None:
    statement = connection.get_execution_options().get("begin", "BEGIN")
    if statement != WRITE:
        connection.exec_driver_sql(statement)
        return
    if QUEUE not in connection.info:
        if not queue.acquire(timeout=BUSY_SECONDS):
            raise OperationalError(WRITE, None, TimeoutError("another thread writes for too long"))
        connection.info[QUEUE] = queue
    _begin_writing(connection)


def _begin_writing(connection: Connection) -> None:
    """As soon as no other process writes.

    SQLite's own waiting sleeps the longer between two tries the longer it has waited, up to 100 ms,
    so that whoever came last goes first.
    """
    until = time.monotonic() + BUSY_SECONDS
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        while not _has_begun(connection, is_last_try=time.monotonic() >= until):
            time.sleep(random.uniform(0.5, 1.5) * PAUSE_SECONDS)
    finally:
        connection.exec_driver_sql(BUSY_TIMEOUT)


def _has_begun(connection: Connection, is_last_try: bool) -> bool:
    try:
        connection.exec_driver_sql(WRITE)
    except OperationalError as exc:
        if is_last_try or not _is_busy(exc.orig):
            raise
        return False
    return True


def _is_busy(error: object) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY  # the rest says why


def _leave(_connection: object, record: Any) -> None:
    """When a connection goes back to the pool, its transaction is over, however it ended."""
    queue = record.info.pop(QUEUE, None)
    if queue is not None:
        queue.release()
