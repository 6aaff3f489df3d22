"""The command line's part on devices."""

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from service.bodies.devices import NewDeviceBody
from service.client import Client

SCRIPT = Path(__file__).with_name("measure_latency.py")

devices = typer.Typer(no_args_is_help=True)

Url = Annotated[str, typer.Option(envvar="STUDENT_SEARCH_URL", help="Where the service is.")]
LOCAL = "http://127.0.0.1:8000"


@devices.command("kit")
def download_kit(
    library: str,
    folder: Annotated[Path, typer.Argument(help="Gets kit.json and measure_latency.py.")],
    runtime: Annotated[str, typer.Option(help="torch or onnxruntime, of the target.")] = "torch",
    url: Url = LOCAL,
) -> None:
    """Fetch what a target without a way to the service needs to be measured.

    There: python measure_latency.py --kit kit.json --name … --out table.json
    """
    with Client(url) as client:
        kit = client.latency_kit(library, runtime)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kit.json").write_text(json.dumps(kit))
    (folder / SCRIPT.name).write_bytes(SCRIPT.read_bytes())
    typer.echo(folder)


@devices.command("push")
def push_table(
    table: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="table.json")],
    url: Url = LOCAL,
) -> None:
    """Post what measure_latency.py wrote on a target."""
    try:
        body = NewDeviceBody.model_validate_json(table.read_bytes())
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise typer.BadParameter(f"{table}: {where} {first['msg']}.") from exc
    with Client(url) as client:
        made = client.post_device(body)
    if made.note:
        typer.echo(made.note, err=True)
    typer.echo(made.id)
