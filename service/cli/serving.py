"""The commands that run the service and tell its settings."""

from pathlib import Path
from typing import Annotated

import typer

HostOption = Annotated[str | None, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int | None, typer.Option(help="0 takes a free one.")]
FolderOption = Annotated[Path | None, typer.Option(help="Folder for everything kept.")]
WorkersOption = Annotated[int | None, typer.Option(help="Worker processes.")]
DatabaseOption = Annotated[
    str | None, typer.Option(help="postgresql://…; SQLite in the folder unless given.")
]


def serve(
    host: HostOption = None,
    port: PortOption = None,
    data_dir: FolderOption = None,
    workers: WorkersOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Run the service. What is not given here comes from STUDENT_SEARCH_… variables."""
    from service.server import listen
    from service.server import serve as run
    from service.settings import Settings

    given = {
        "host": host, "port": port, "data_dir": data_dir, "workers": workers,
        "database_url": database_url,
    }  # fmt: skip
    settings = Settings.read(**{k: v for k, v in given.items() if v is not None})
    listener, url = listen(settings)
    typer.echo(f"Listening on {url}; every call is explained at {url}/docs")
    run(settings, listener)


def show_settings() -> None:
    """Print every setting with its default and its meaning, as Markdown."""
    from service.settings_page import page

    typer.echo(page(), nl=False)
