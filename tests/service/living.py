"""The service on a real socket in a thread, without workers; what they would do the test does."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import uvicorn
from fastapi.testclient import TestClient

from service.app import create_app
from service.client import Client
from service.ledger import Ledger
from service.server import listen
from service.settings import Settings
from tests.service.api.world import World


class Live(NamedTuple):
    """A service at `url`, with a client of it and a hand inside."""

    url: str
    client: Client
    world: World


@contextmanager
def living(folder: Path, template: Path, **changes: Any) -> Iterator[Live]:
    """`template` is a migrated database, `changes` are of settings."""
    shutil.copy(template, folder / "student-search.db")
    settings = Settings(data_dir=folder, workers=0, port=0, **changes)
    app = create_app(settings)
    listener, url = listen(settings)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with Client(url) as client:
            parts = app.state.parts
            world = World(TestClient(app), parts, Ledger(parts.database, settings))
            yield Live(url, client, world)
    finally:
        server.should_exit = True
        app.state.parts.watch.close()
        thread.join()
        listener.close()
