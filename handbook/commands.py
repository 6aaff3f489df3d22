"""The page of all commands, from the command line itself."""

from collections.abc import Iterator
from typing import Any

import typer
import typer.main

from handbook.tables import table
from service.cli import app

NAME = "student-search"
SHARED = ("--url", "--token", "--json", "--help")
INTRODUCTION = f"""# Command line

`{NAME} --install-completion` installs completion for your shell. Every command takes `--help`,
and those that speak to a service take `--url` (or `STUDENT_SEARCH_URL`), `--token` (better
`STUDENT_SEARCH_TOKEN`, where no list of processes shows it) and `--json`, before or behind the
command. Answers go to standard output, everything else to standard error.

| exit code | when |
|---|---|
| 0 | done |
| 1 | failed; one sentence on standard error says why and what to do |
| 2 | wrong usage |
| 3 | the job was cancelled |
| 4 | no student keeps within the budget |
| 5 | the service is out of reach |
| 124 | not done within `--timeout`; the job goes on |
| 130 | interrupted; the job goes on, unless `--cancel-on-interrupt` was given |

With `--json` the last line of standard error is, instead of a sentence, the problem as JSON: as
the service told it (RFC 9457), so that a script can read the `smallest` that a budget could be, or
with a `title` and a `detail` at least. Wrong usage is told in words.

This page is made from the commands themselves.
"""


def page() -> str:
    """As Markdown."""
    root: Any = typer.main.get_command(app)
    lines = [line for path, command in _commands(root, NAME) for line in _section(path, command)]
    return "\n".join([INTRODUCTION, *lines])


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All that do something, by what is typed."""
    for name, each in command.commands.items():
        if hasattr(each, "commands"):
            yield from _commands(each, f"{path} {name}")
        else:
            yield f"{path} {name}", each


def _section(path: str, command: Any) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield from [f"## {path.removeprefix(NAME).strip()}", "", "```text", usage, "```", ""]
    yield from [_paragraphs(command.help or ""), ""]
    own = [each for each in command.params if not set(each.opts) & set(SHARED)]
    records = [each.get_help_record(context) for each in own]
    rows = [(f"`{names}`", said) for names, said in filter(None, records)]
    yield from table(("argument or option", "what it is"), rows)


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(each.split()) for each in text.split("\n\n"))
