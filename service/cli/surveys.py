"""Commands on surveys."""

from typing import Annotated

import typer

from search.budget import CostAxis
from service.cli.command import command
from service.cli.finishing import Posted
from service.cli.options import DeviceOption, usage
from service.cli.shell import Shell
from service.cli.waiting import Waiting, WaitOption
from service.survey_settings import SurveySettings

surveys = typer.Typer(no_args_is_help=True, help="Students measured so that predictions learn.")

DEFAULTS = SurveySettings()
CountOption = Annotated[int, typer.Option(min=2, max=100, help="Students along the curve.")]


@command(surveys, "run")
def run(  # noqa: PLR0913 - each argument is an option of the command
    shell: Shell,
    waiting: Waiting,
    library: str,
    count: CountOption = DEFAULTS.count,
    axis: CostAxis = "parameters",
    device: DeviceOption = None,
    wait: WaitOption = False,
) -> None:
    """Measure students that are spread along a library's trade-off curve."""
    with usage():
        settings = SurveySettings(count=count, axis=axis, device=device)
    with shell.client() as client:
        made = client.post_survey(library, settings)
        posted = Posted(made, lambda: client.survey(made.id))
        posted.finish(shell, client, waiting.if_wanted(wait))


@command(surveys, "list")
def listing(shell: Shell, library: str) -> None:
    """Of a library, newest first."""
    with shell.client() as client:
        shell.table(client.surveys(library), "id", "state", "num_measured", "created_at")


@command(surveys, "show")
def show(shell: Shell, survey: str) -> None:
    """Its students, each with its prediction and what was measured."""
    with shell.client() as client:
        shell.show(client.survey(survey))
