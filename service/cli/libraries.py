"""Commands on libraries, their curves, surveys and predictions."""

from pathlib import Path
from typing import Annotated

import typer

from candidates.recipe import Granularity, LibraryRecipe
from search.budget import CostAxis
from service.bodies.curves import TradeOffCurve
from service.cli.command import command
from service.cli.finishing import Posted
from service.cli.options import DeviceOption, parsed, usage
from service.cli.shell import Shell
from service.cli.waiting import Waiting, WaitOption

libraries = typer.Typer(no_args_is_help=True, help="All scored candidates of a teacher.")

DatasetArgument = Annotated[str | None, typer.Argument(help="None where the inputs are made up.")]
RecipeOption = Annotated[Path | None, typer.Option(exists=True, help="A recipe as JSON.")]
StepsOption = Annotated[int | None, typer.Option(help="Refinement steps a candidate.")]
GranularityOption = Annotated[
    str | None, typer.Option(help="layer, pair, block, a number, or modules, comma-separated.")
]
InputsOption = Annotated[
    str | None, typer.Option(help="images, or without any: matched, gaussian.")
]
OutOption = Annotated[
    Path | None, typer.Option(help="A file instead: .svg or .png, or .csv for all figures.")
]
PICTURES = {".svg": "svg", ".png": "png", ".csv": "csv"}


@command(libraries, "build")
def build(  # noqa: PLR0913 - each argument is an option of the command
    shell: Shell,
    waiting: Waiting,
    teacher: str,
    dataset: DatasetArgument = None,
    recipe: RecipeOption = None,
    steps: StepsOption = None,
    granularity: GranularityOption = None,
    inputs: InputsOption = None,
    wait: WaitOption = False,
) -> None:
    """Make and score every candidate of a teacher on a data set, or without any image."""
    read = parsed(LibraryRecipe, recipe) if recipe else LibraryRecipe()
    cut = granularity and _granularity(granularity)
    given = {"steps": steps, "granularity": cut, "inputs": inputs}
    changes = {key: value for key, value in given.items() if value is not None}
    with usage():
        read = LibraryRecipe.model_validate({**read.model_dump(), **changes})
    with shell.client() as client:
        made = client.build_library(teacher, dataset, read)
        posted = Posted(made, lambda: client.library(made.id))
        posted.finish(shell, client, waiting.if_wanted(wait))


@command(libraries, "curve")
def curve(
    shell: Shell,
    library: str,
    axis: CostAxis = "parameters",
    points: Annotated[int, typer.Option(min=2, max=1000)] = 20,
    device: DeviceOption = None,
    out: OutOption = None,
) -> None:
    """Show the selections that no other beats, as a table, JSON (--json) or a picture (--out)."""
    with shell.client() as client:
        if out is None:
            _tell(shell, client.trade_off_curve(library, axis, points, device))
            return
        kind = PICTURES.get(out.suffix)
        if kind is None:
            raise typer.BadParameter(f"'{out}' has to end in .svg, .png or .csv.")
        shell.answer(client.download_curve(library, out, kind, axis, device))  # type: ignore[arg-type]


@command(libraries, "calibration")
def calibration(shell: Shell, library: str) -> None:
    """Tell how many measured students lay inside the interval that was predicted for them."""
    with shell.client() as client:
        shell.show(client.calibration(library))


@command(libraries, "list")
def listing(shell: Shell, teacher: str | None = None) -> None:
    """All of them, newest first."""
    with shell.client() as client:
        found = client.libraries(teacher=teacher)
        shell.table(found, "id", "state", "created_at", "teacher", "dataset")


@command(libraries, "show")
def show(shell: Shell, library: str) -> None:
    """Its recipe, how far it is, and what should be known of its figures."""
    with shell.client() as client:
        shell.show(client.library(library))


@command(libraries, "delete")
def delete(shell: Shell, library: str) -> None:
    """With its candidates; refused while a student refers to it."""
    with shell.client() as client:
        client.delete_library(library)


def _granularity(text: str) -> Granularity:
    """A size by its name, a number of neighbourhoods, or the modules that are listed."""
    if text in ("layer", "pair", "block"):
        return text  # type: ignore[return-value]
    return int(text) if text.isdecimal() else tuple(text.split(","))


def _tell(shell: Shell, found: TradeOffCurve) -> None:
    rows = [["share", found.axis, "predicted accuracy", "90 % interval"]]
    for point in found.points:
        predicted = point.predicted_accuracy
        rows.append([
            f"{point.share:.1%}",
            f"{getattr(point.cost, found.axis):g}",
            f"{predicted.value:.2f} %",
            f"{predicted.low:.2f} … {predicted.high:.2f} %",
        ])  # fmt: skip
    shell.answer_rows(rows, found)
