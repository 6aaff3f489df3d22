"""The command that writes files which leave the project; what writes them is imported late."""

from pathlib import Path
from typing import Annotated

import typer

from candidates.checkpoint import Checkpoint
from candidates.export.facts import Facts
from candidates.export.formats import FORMATS, FormatName
from service.cli.shell import Screen


def export(
    screen: Screen,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A student's file.")],
    format: Annotated[FormatName, typer.Option(help="What to write it as.")],
    out: Annotated[Path | None, typer.Option(help="By default beside the file.")] = None,
    license: Annotated[str | None, typer.Option(help="Of the teacher, for the card.")] = None,
) -> None:
    """Write a downloaded student as another file, without a service."""
    from candidates.export.convert import converted

    target = out or file.with_suffix(FORMATS[format].suffix)
    data = converted(Checkpoint.read(file), format, Facts(title=file.stem, licence=license))
    part = target.with_name(target.name + ".part")
    part.write_bytes(data)
    screen.answer(part.replace(target))
