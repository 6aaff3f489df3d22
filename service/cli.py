"""The command line. Ids go to standard output, everything else to standard error.

Exit codes: 0 done, 1 failed with one sentence that says why, 2 wrong usage.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from candidates.errors import StudentSearchError
from candidates.export.formats import FormatName
from candidates.recipe import Granularity, LibraryRecipe, TeacherRecipe
from search.budget import Budget, CostAxis
from search.settings import Sampler, SearchSettings
from search.strategies import StrategyName
from service.bodies.answers import AnswerBody
from service.client import Client, ClientError
from service.device_commands import devices
from service.export_command import export
from service.store_commands import backup, restore, store
from service.token_commands import tokens

Parsed = TypeVar("Parsed", bound=BaseModel)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
datasets, teachers, libraries, students, jobs = (
    typer.Typer(no_args_is_help=True) for _ in range(5)
)
app.add_typer(datasets, name="dataset", help="Images to calibrate, score and report on.")
app.add_typer(teachers, name="teacher", help="Trained networks to be imitated.")
app.add_typer(libraries, name="library", help="All scored candidates of a teacher.")
app.add_typer(students, name="student", help="Smaller networks under a budget.")
app.add_typer(devices, name="device", help="Targets whose latency budgets may limit.")
app.command()(export)
app.add_typer(jobs, name="jobs", help="Work that takes time.")
app.command()(backup)
app.command()(restore)
app.add_typer(store, name="store", help="The files behind it all; on the server itself.")
app.add_typer(tokens, name="token", help="What callers show; made on the server itself.")

Url = Annotated[str, typer.Option(envvar="STUDENT_SEARCH_URL", help="Where the service is.")]
Wait = Annotated[bool, typer.Option("--wait", help="Stay until the job has ended.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
RecipeFile = Annotated[Path, typer.Option("--recipe", exists=True, help="A recipe as JSON.")]
AT_MOST = "A number, or a share of the teacher like 50%."
Limit = Annotated[str | None, typer.Option(help=AT_MOST)]
DEFAULTS = SearchSettings()
LOCAL = "http://127.0.0.1:8000"


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for everything kept.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
) -> None:
    """Run the service. What is not given here comes from STUDENT_SEARCH_… variables."""
    from service.server import listen
    from service.server import serve as run
    from service.settings import Settings

    given = {"host": host, "port": port, "data_dir": data_dir, "workers": workers}
    settings = Settings.read(**{k: v for k, v in given.items() if v is not None})
    listener, url = listen(settings)
    typer.echo(f"Listening on {url}; every call is explained at {url}/docs")
    run(settings, listener)


@app.command("settings")
def show_settings() -> None:
    """Print every setting with its default and its meaning, as Markdown."""
    from service.settings_page import page

    typer.echo(page(), nl=False)


@datasets.command("push")
def push_dataset(archive: File, name: str = "", wait: Wait = False, url: Url = LOCAL) -> None:
    """Post an archive with one folder of images for each class."""
    with Client(url) as client:
        made = client.post_dataset(name or archive.name, archive)
        _finish(client, made.id, made.job, made.note, wait)


@teachers.command("push")
def push_teacher(
    weights: File, recipe: RecipeFile, name: str = "", wait: Wait = False, url: Url = LOCAL
) -> None:
    """Post a network: its file and a recipe.

    Weights alone (safetensors, .pth, .pt) need a recipe that names their architecture; a .pt2 file
    of torch.export.save brings the network itself.
    """
    parsed = _parsed(TeacherRecipe, recipe)
    with Client(url) as client:
        made = client.post_teacher(name or weights.stem, parsed, weights)
        _finish(client, made.id, made.job, made.note, wait)
        split = client.teacher(made.id).split
        for sentence in [] if split is None else [split.warning, *split.notes]:
            if sentence is not None:
                typer.echo(sentence, err=True)


@teachers.command("download")
def download_teacher(
    teacher: str,
    out: Annotated[Path, typer.Argument(help="Where to put the safetensors file.")],
    url: Url = LOCAL,
) -> None:
    """Fetch a teacher's own file, which fine-tuning needs, and check it by its digest."""
    with Client(url) as client:
        typer.echo(client.download_teacher(teacher, out))


@libraries.command("build")
def build_library(  # noqa: PLR0913 - each argument is an option of the command
    teacher: str,
    dataset: Annotated[
        str | None, typer.Argument(help="None where the inputs are made up.")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(exists=True, help="A recipe as JSON.")] = None,
    steps: Annotated[int | None, typer.Option(help="Refinement steps a candidate.")] = None,
    granularity: Annotated[
        str | None, typer.Option(help="layer, pair, block, a number, or modules, comma-separated.")
    ] = None,
    inputs: Annotated[
        str | None, typer.Option(help="images, or without any: matched, gaussian.")
    ] = None,
    wait: Wait = False,
    url: Url = LOCAL,
) -> None:
    """Make and score every candidate of a teacher on a data set, or without any image."""
    parsed = _parsed(LibraryRecipe, recipe) if recipe else LibraryRecipe()
    cut = granularity and _granularity(granularity)
    given = {"steps": steps, "granularity": cut, "inputs": inputs}
    changes = {key: value for key, value in given.items() if value is not None}
    with _usage():
        parsed = LibraryRecipe.model_validate({**parsed.model_dump(), **changes})
    with Client(url) as client:
        made = client.build_library(teacher, dataset, parsed)
        _finish(client, made.id, made.job, made.note, wait)


@students.command("request")
def request_student(  # noqa: PLR0913 - each argument is an option of the command
    library: str,
    parameters: Limit = None,
    macs: Limit = None,
    size_bytes: Annotated[str | None, typer.Option("--bytes", help=AT_MOST)] = None,
    activation_bytes: Limit = None,
    latency_ms: Limit = None,
    accuracy_drop: Annotated[float | None, typer.Option(help="Most points to lose.")] = None,
    device: Annotated[str | None, typer.Option(help="Whose latency_ms, by id or name.")] = None,
    minimise: Annotated[CostAxis, typer.Option(help="With an accuracy drop alone.")] = "parameters",
    strategy: StrategyName = "exact",
    seed: int = DEFAULTS.seed,
    trials: int = DEFAULTS.trials,
    sampler: Sampler = DEFAULTS.sampler,
    top: Annotated[int, typer.Option(help="Selections to tell.")] = DEFAULTS.top,
    time_limit_s: Annotated[float, typer.Option(help="To prove it best.")] = DEFAULTS.time_limit_s,
    url: Url = LOCAL,
) -> None:
    """Ask for a student under a budget."""
    limits = {
        "parameters": parameters, "macs": macs, "bytes": size_bytes, "accuracy_drop": accuracy_drop,
        "activation_bytes": activation_bytes, "latency_ms": latency_ms, "device": device,
        "minimise": minimise,
    }  # fmt: skip
    with _usage():
        budget = Budget.model_validate(limits)
        settings = SearchSettings(
            seed=seed, trials=trials, sampler=sampler, top=top, time_limit_s=time_limit_s
        )
    with Client(url) as client:
        made = client.request_student(library, budget, strategy, settings)
    accuracy = made.predicted_accuracy
    typer.echo(
        f"{made.cost.parameters} of {made.teacher_cost.parameters} parameters, predicted accuracy "
        f"{accuracy.value:.2f} ± {accuracy.standard_error:.2f} %. {_word(made.answer)}"
        f"{made.note or ''}",
        err=True,
    )
    typer.echo(made.id)


@students.command("measure")
def measure_student(student: str, wait: Wait = False, url: Url = LOCAL) -> None:
    """Refit a student and measure it on the reporting images."""
    with Client(url) as client:
        made = client.measure(student)
        _finish(client, student, made.job, made.note, wait)


@students.command("download")
def download_student(
    student: str,
    out: Annotated[Path, typer.Argument(help="Where to put the file.")],
    refitted: Annotated[bool, typer.Option("--refitted", help="The file after its refit.")] = False,
    format: Annotated[FormatName, typer.Option(help="What to fetch it as.")] = "safetensors",
    url: Url = LOCAL,
) -> None:
    """Fetch a student's file and check it by its digest."""
    with Client(url) as client:
        typer.echo(client.download(student, out, refitted, format))


@jobs.command("wait")
def wait_for_job(job: str, url: Url = LOCAL) -> None:
    """Stay until a job has ended; its failure is this command's."""
    with Client(url) as client:
        _wait(client, job)


def main() -> None:
    """The installed command."""
    try:
        app()
    except (ClientError, StudentSearchError) as exc:
        typer.echo(str(exc), err=True)
        sys.exit(1)


def _word(answer: AnswerBody | None) -> str:
    """On how good a selection is."""
    if answer is None:
        return ""
    proof = {
        "optimal": "Proven to be the best.",
        "time_limit": f"At most {100 * (answer.gap or 0):.2g} % from the best.",
        "heuristic": "Not proven to be the best.",
    }[answer.status]
    binding = f" What binds is {answer.binding}." if answer.binding else ""
    return f"{proof}{binding} "


def _granularity(text: str) -> Granularity:
    """A size by its name, a number of neighbourhoods, or the modules that are listed."""
    if text in ("layer", "pair", "block"):
        return text  # type: ignore[return-value]
    return int(text) if text.isdecimal() else tuple(text.split(","))


def _finish(client: Client, resource: str, job: str, note: str | None, wait: bool) -> None:
    if note:
        typer.echo(note, err=True)
    if wait:
        _wait(client, job)
    typer.echo(resource)


def _wait(client: Client, job: str) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("waiting")
        client.wait(
            job,
            lambda now: progress.update(
                bar,
                description=f"{now.kind} {now.state}",
                completed=now.progress.done,
                total=now.progress.total,
            ),
        )


def _parsed(kind: type[Parsed], path: Path) -> Parsed:
    with _usage(f"{path}:"):
        return kind.model_validate_json(path.read_bytes())


@contextmanager
def _usage(prefix: str = "") -> Iterator[None]:
    """A value that is not allowed is wrong usage."""
    try:
        yield
    except ValidationError as exc:
        first = exc.errors()[0]
        parts = [
            prefix,
            ".".join(map(str, first["loc"])),
            first["msg"].removeprefix("Value error, "),
        ]
        raise typer.BadParameter(" ".join(filter(None, parts)) + ".") from exc


if __name__ == "__main__":
    main()
