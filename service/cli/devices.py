"""Commands on devices."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.bodies.devices import NewDeviceBody
from service.cli.command import command
from service.cli.options import parsed
from service.cli.shell import Shell
from service.measure_latency import one_file

devices = typer.Typer(no_args_is_help=True, help="Targets whose latency budgets may limit.")

FolderArgument = Annotated[Path, typer.Argument(help="Gets kit.json and measure_latency.py.")]
RuntimeOption = Annotated[str, typer.Option(help="torch or onnxruntime, of the target.")]
TableArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="table.json")]


@command(devices, "kit")
def kit(
    shell: Shell, library: str, folder: FolderArgument, runtime: RuntimeOption = "torch"
) -> None:
    """Fetch what a target without a way to the service needs to be measured.

    There: python measure_latency.py --kit kit.json --name … --out table.json
    """
    with shell.client() as client:
        found = client.latency_kit(library, runtime)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kit.json").write_text(json.dumps(found))
    (folder / one_file.NAME).write_bytes(one_file.script())
    shell.answer(folder)


@command(devices, "push")
def push(shell: Shell, table: TableArgument) -> None:
    """Post what measure_latency.py wrote on a target."""
    body = parsed(NewDeviceBody, table)
    with shell.client() as client:
        made = client.post_device(body)
    if made.note:
        shell.say(made.note)
    shell.answer(made.id, made)


@command(devices, "list")
def listing(shell: Shell) -> None:
    """All of them, newest first."""
    with shell.client() as client:
        shell.table(client.devices(), "id", "created_at", "name")


@command(devices, "show")
def show(shell: Shell, device: str) -> None:
    """By its id or its name."""
    with shell.client() as client:
        shell.show(client.device(device))


@command(devices, "delete")
def delete(shell: Shell, device: str) -> None:
    """With all that was measured on it."""
    with shell.client() as client:
        client.delete_device(device)
