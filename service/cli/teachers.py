"""Commands on teachers."""

from pathlib import Path
from typing import Annotated

import typer

from candidates.recipe import TeacherRecipe
from service.cli.command import command
from service.cli.finishing import Posted
from service.cli.options import FileArgument, OutArgument, parsed, transfer
from service.cli.shell import Shell
from service.cli.waiting import Waiting, WaitOption

teachers = typer.Typer(no_args_is_help=True, help="Trained networks to be imitated.")

RecipeOption = Annotated[Path, typer.Option("--recipe", exists=True, help="A recipe as JSON.")]


@command(teachers, "push")
def push(
    shell: Shell,
    waiting: Waiting,
    weights: FileArgument,
    recipe: RecipeOption,
    name: str = "",
    wait: WaitOption = False,
) -> None:
    """Post a network: its file and a recipe.

    Weights alone (safetensors, .pth, .pt) need a recipe that names their architecture; a .pt2 file
    of torch.export.save brings the network itself.
    """
    read = parsed(TeacherRecipe, recipe)
    with shell.client() as client:
        with transfer(weights) as on_bytes:
            made = client.post_teacher(name or weights.stem, read, weights, on_bytes)
        posted = Posted(made, lambda: client.teacher(made.id))
        posted.finish(shell, client, waiting.if_wanted(wait))
        split = client.teacher(made.id).split
    for sentence in [] if split is None else [split.warning, *split.notes]:
        if sentence is not None:
            shell.say(sentence)


@command(teachers, "download")
def download(shell: Shell, teacher: str, out: OutArgument) -> None:
    """Fetch a teacher's own file, which fine-tuning needs, and check it by its digest."""
    with shell.client() as client, transfer(out) as on_bytes:
        path = client.download_teacher(teacher, out, on_bytes)
    shell.answer(path)


@command(teachers, "list")
def listing(shell: Shell, name: str | None = None) -> None:
    """All of them, newest first."""
    with shell.client() as client:
        shell.table(client.teachers(name=name), "id", "state", "created_at", "name")


@command(teachers, "show")
def show(shell: Shell, teacher: str) -> None:
    """Its costs, and how much of it can shrink."""
    with shell.client() as client:
        shell.show(client.teacher(teacher))


@command(teachers, "neighbourhoods")
def neighbourhoods(shell: Shell, teacher: str) -> None:
    """How it is split at block granularity, and what is left out and why."""
    with shell.client() as client:
        shell.show(client.teacher_neighbourhoods(teacher))


@command(teachers, "delete")
def delete(shell: Shell, teacher: str) -> None:
    """Refused while a library refers to it."""
    with shell.client() as client:
        client.delete_teacher(teacher)
