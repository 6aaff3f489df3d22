"""Commands on measured searches."""

from typing import Annotated

import typer

from search.budget import Budget
from search.settings import Sampler
from service.cli.command import command
from service.cli.finishing import Posted
from service.cli.options import BytesOption, LimitOption, usage
from service.cli.shell import Shell
from service.cli.waiting import Waiting, WaitOption
from service.measured_search_settings import MeasuredSearchSettings

searches = typer.Typer(no_args_is_help=True, help="Students found by really measuring many.")

DEFAULTS = MeasuredSearchSettings()
TrialsOption = Annotated[int, typer.Option(min=1, max=1000, help="Distinct students to measure.")]


@command(searches, "run")
def run(  # noqa: PLR0913 - each argument is an option of the command
    shell: Shell,
    waiting: Waiting,
    library: str,
    parameters: LimitOption = None,
    macs: LimitOption = None,
    size_bytes: BytesOption = None,
    trials: TrialsOption = DEFAULTS.trials,
    seed: int = DEFAULTS.seed,
    sampler: Sampler = DEFAULTS.sampler,
    wait: WaitOption = False,
) -> None:
    """Search a library for the most accurate student within a budget."""
    limits = {"parameters": parameters, "macs": macs, "bytes": size_bytes}
    with usage():
        budget = Budget.model_validate(limits)
        settings = MeasuredSearchSettings(trials=trials, seed=seed, sampler=sampler)
    with shell.client() as client:
        made = client.post_search(library, budget, settings)
        posted = Posted(made, lambda: client.search(made.id))
        posted.finish(shell, client, waiting.if_wanted(wait))
        best = client.search(made.id).best
    if best is not None:
        shell.say(f"The best of its trials so far is number {best.number}.")


@command(searches, "list")
def listing(shell: Shell, library: str) -> None:
    """Of a library, newest first."""
    with shell.client() as client:
        shell.table(client.searches(library), "id", "state", "num_trials", "student")


@command(searches, "show")
def show(shell: Shell, search: str) -> None:
    """Its first and its best trial, and the student that it ended in."""
    with shell.client() as client:
        shell.show(client.search(search))


@command(searches, "trials")
def trials(shell: Shell, search: str) -> None:
    """Everything that it has measured so far."""
    with shell.client() as client:
        columns = ("number", "loss", "score.accuracy.value", "score.kl.value")
        shell.table(client.search_trials(search), *columns)
