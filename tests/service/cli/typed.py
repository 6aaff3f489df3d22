"""Commands, as somebody types them."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from service.cli import app
from tests.service.living import Live

NOWHERE = "http://127.0.0.1:9"
COMMAND = (sys.executable, "-m", "service.cli")


class Done(NamedTuple):
    """What a command has left."""

    returncode: int
    stdout: str
    stderr: str


def typed(*arguments: str, **variables: str) -> Done:
    """In this process; with variables of the environment beside its own."""
    done = CliRunner().invoke(app, arguments, env=variables, catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


def command(live: Live | None, *arguments: str) -> Done:
    """To a service, or to none."""
    return typed(*arguments, STUDENT_SEARCH_URL=live.url if live else NOWHERE)


def on_server(folder: Path, *arguments: str, **variables: str) -> Done:
    """Where the service keeps its things in a folder."""
    return typed(*arguments, STUDENT_SEARCH_DATA_DIR=str(folder), **variables)


def environment(live: Live) -> dict[str, str]:
    """Of a command in another process."""
    return {**os.environ, "STUDENT_SEARCH_URL": live.url}
