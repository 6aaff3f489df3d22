"""Main: all commands together."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from service.cli import benching, ci, exporting, measuring, serving, stores, training
from service.cli.command import command
from service.cli.datasets import datasets
from service.cli.devices import devices
from service.cli.jobs import jobs
from service.cli.libraries import libraries
from service.cli.searches import searches
from service.cli.shell import JSON_HELP, TOKEN_HELP, URL_HELP, Shell
from service.cli.students import students
from service.cli.surveys import surveys
from service.cli.teachers import teachers
from service.cli.tokens import tokens
from service.cli.webhooks import webhooks
from service.client import TOKEN_VARIABLE, URL_VARIABLE

NAME = "student-search"
HELP = """Smaller networks from a trained one, under any budget.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cancelled, 4 no student keeps within the budget,
5 the service is out of reach, 124 timeout, 130 interrupted.
"""

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)
app.add_typer(datasets, name="dataset")
app.add_typer(teachers, name="teacher")
app.add_typer(libraries, name="library")
app.add_typer(students, name="student")
app.add_typer(searches, name="search")
app.add_typer(surveys, name="survey")
app.add_typer(devices, name="device")
app.add_typer(jobs, name="jobs")
app.add_typer(webhooks, name="webhook")
app.add_typer(stores.store, name="store")
app.add_typer(tokens, name="token")
command(app, "serve")(serving.serve)
command(app, "settings")(serving.show_settings)
command(app, "fine-tune")(training.fine_tune)
command(app, "measure")(measuring.measure)
command(app, "bench")(benching.bench)
command(app, "ci")(ci.ci)
command(app, "export")(exporting.export)
command(app, "backup")(stores.backup)
command(app, "restore")(stores.restore)


def main() -> None:
    """The installed command."""
    app(prog_name=NAME)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        found = version(NAME)
    except PackageNotFoundError:  # run from a folder of sources
        found = "(not installed)"
    typer.echo(f"{NAME} {found}")
    raise typer.Exit


@app.callback(help=HELP)
def begin(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(envvar=URL_VARIABLE, help=URL_HELP)] = None,
    token: Annotated[str | None, typer.Option(envvar=TOKEN_VARIABLE, help=TOKEN_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    shows_version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Tell the version."),
    ] = False,
) -> None:
    """Options of all commands; they may stand behind a command as well."""
    context.obj = Shell(url=url, token=token, as_json=as_json)
