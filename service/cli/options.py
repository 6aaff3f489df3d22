"""Options: what several commands take, and how files and values are read from them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from candidates.complaint import Complaint
from service.cli.shell import console

Parsed = TypeVar("Parsed", bound=BaseModel)

AT_MOST = "A number, such as 20000, 2e4, 20k or 1.5M, or a share of the teacher like 50%."

FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
OutArgument = Annotated[Path, typer.Argument(help="Where to put the file.")]
LimitOption = Annotated[str | None, typer.Option(help=AT_MOST)]
BytesOption = Annotated[str | None, typer.Option("--bytes", help=AT_MOST)]
DeviceOption = Annotated[str | None, typer.Option(help="Whose latency_ms, by id or name.")]


def parsed(kind: type[Parsed], path: Path) -> Parsed:
    """What a file holds as JSON; wrong usage if it is something else."""
    with usage(f"{path}:"):
        return kind.model_validate_json(path.read_bytes())


@contextmanager
def usage(prefix: str = "") -> Iterator[None]:
    """A value that is not allowed is wrong usage."""
    try:
        yield
    except ValidationError as exc:
        parts = filter(None, (prefix, *Complaint.of(exc)))
        raise typer.BadParameter(" ".join(parts) + ".") from exc


@contextmanager
def transfer(path: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar for a file that goes over; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    shown = Progress(*columns, TransferSpeedColumn(), console=console(), transient=True)
    if not shown.console.is_terminal:
        yield lambda _done, _total: None
        return
    with shown:
        task = shown.add_task(path.name)
        yield lambda done, total: shown.update(task, completed=done, total=total)
