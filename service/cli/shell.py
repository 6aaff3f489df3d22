"""Shell: what every command is told, and how it answers."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self

import typer
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from rich.console import Console

from service.client import Client

URL_HELP = "Where the service is; http://127.0.0.1:8000 unless given."
TOKEN_HELP = "What to show it; better in the variable, where no list of processes shows it."  # noqa: S105
JSON_HELP = "Answer as JSON on standard output, and tell a problem as JSON on standard error."

SHARE = "share"
"""A column that is told in percent, as everywhere else."""

UrlOption = Annotated[str | None, typer.Option("--url", help=URL_HELP)]
TokenOption = Annotated[str | None, typer.Option("--token", help=TOKEN_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help=JSON_HELP)]


@dataclass(frozen=True)
class Screen:
    """Who reads what a command answers."""

    as_json: bool = False

    def or_else(self, usual: "Shell") -> Self:
        """What was given behind a command counts before what was given in front of it."""
        return replace(self, as_json=self.as_json or usual.as_json)

    def say(self, sentence: str) -> None:
        """To the person."""
        typer.echo(sentence, err=True)

    def answer(self, text: object, value: object = None) -> None:
        """The text, or with --json the value: a body, or lists and dictionaries of such."""
        if self.as_json:
            text = json.dumps(to_jsonable_python(text if value is None else value))
        typer.echo(str(text))

    def show(self, value: BaseModel) -> None:
        """All of it."""
        self.answer(value.model_dump_json(indent=2), value)

    def table(self, found: Iterable[BaseModel], *columns: str) -> None:
        """A line for each, with some of its fields."""
        items = list(found)
        self.answer_rows([[_cell(each, name) for name in columns] for each in items], items)

    def answer_rows(self, rows: Sequence[Sequence[str]], value: object) -> None:
        """Columns under one another; where there is no row, a word to the person."""
        if self.as_json:
            self.answer("", value)
            return
        if not rows:
            self.say("None.")
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            typer.echo("  ".join(cells).rstrip())


@dataclass(frozen=True)
class Shell(Screen):
    """The same for a command that speaks with a service."""

    url: str | None = None
    token: str | None = None

    def or_else(self, usual: "Shell") -> Self:
        """Likewise where the service is, and what to show it."""
        own = super().or_else(usual)
        return replace(own, url=self.url or usual.url, token=self.token or usual.token)

    def client(self) -> Client:
        """To be used as a context manager."""
        return Client(self.url, token=self.token)


def console() -> Console:
    """For progress, on standard error."""
    return Console(stderr=True)


def _cell(item: BaseModel, name: str) -> str:
    value: Any = item
    for part in name.split("."):
        value = None if value is None else getattr(value, part)
    if name == SHARE:
        return f"{value:.0%}"
    if hasattr(value, "strftime"):
        return f"{value:%F %R}"
    return "-" if value is None else str(value)
