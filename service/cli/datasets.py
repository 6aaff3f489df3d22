"""Commands on data sets."""

import typer

from service.cli.command import command
from service.cli.finishing import Posted
from service.cli.options import FileArgument, transfer
from service.cli.shell import Shell
from service.cli.waiting import Waiting, WaitOption

datasets = typer.Typer(no_args_is_help=True, help="Images to calibrate, score and report on.")


@command(datasets, "push")
def push(
    shell: Shell, waiting: Waiting, archive: FileArgument, name: str = "", wait: WaitOption = False
) -> None:
    """Post an archive with one folder of images for each class."""
    with shell.client() as client:
        with transfer(archive) as on_bytes:
            made = client.post_dataset(name or archive.name, archive, on_bytes)
        posted = Posted(made, lambda: client.dataset(made.id))
        posted.finish(shell, client, waiting.if_wanted(wait))


@command(datasets, "list")
def listing(shell: Shell, name: str | None = None) -> None:
    """All of them, newest first."""
    with shell.client() as client:
        shell.table(client.datasets(name=name), "id", "state", "created_at", "name")


@command(datasets, "show")
def show(shell: Shell, dataset: str) -> None:
    """What was found in the images."""
    with shell.client() as client:
        shell.show(client.dataset(dataset))


@command(datasets, "delete")
def delete(shell: Shell, dataset: str) -> None:
    """Refused while a library refers to it."""
    with shell.client() as client:
        client.delete_dataset(dataset)
