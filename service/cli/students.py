"""Commands on students."""

from typing import Annotated

import typer

from candidates.export.formats import FormatName
from candidates.refinement_settings import RefinementSettings
from search.budget import Budget, CostAxis
from search.settings import SearchSettings, TorchFreeSampler
from search.strategies import StrategyName
from service.bodies.answers import AnswerBody
from service.bodies.students import StudentBody
from service.cli.command import command
from service.cli.finishing import Posted
from service.cli.options import AT_MOST, DeviceOption, LimitOption, OutArgument, transfer, usage
from service.cli.shell import Shell
from service.cli.waiting import Waiting, WaitOption

students = typer.Typer(no_args_is_help=True, help="Smaller networks under a budget.")

DEFAULTS = SearchSettings()
MORE = RefinementSettings()
MinimiseOption = Annotated[CostAxis, typer.Option(help="With an accuracy drop alone.")]
DropOption = Annotated[float | None, typer.Option(help="Most points to lose.")]
TopOption = Annotated[int, typer.Option(help="Selections to tell.")]
TimeLimitOption = Annotated[float, typer.Option(help="To prove it best.")]
RefittedOption = Annotated[bool, typer.Option("--refitted", help="The file after its refit.")]
StepsOption = Annotated[int, typer.Option(help="Gradient steps a neighbourhood and pass.")]
PassesOption = Annotated[int, typer.Option(help="Walks through the whole network.")]
ImagesOption = Annotated[int | None, typer.Option(help="Unlabelled images to draw from.")]
RateOption = Annotated[float | None, typer.Option(help="Of the gradient steps, at first.")]
LookAheadOption = Annotated[
    list[float] | None,
    typer.Option(help="Weight of the error one neighbourhood on; again for the next one."),
]
FormatOption = Annotated[FormatName, typer.Option(help="What to fetch it as.")]


@command(students, "request")
def request(  # noqa: PLR0913 - each argument is an option of the command
    shell: Shell,
    library: str,
    parameters: LimitOption = None,
    macs: LimitOption = None,
    size_bytes: Annotated[str | None, typer.Option("--bytes", help=AT_MOST)] = None,
    activation_bytes: LimitOption = None,
    latency_ms: LimitOption = None,
    accuracy_drop: DropOption = None,
    device: DeviceOption = None,
    minimise: MinimiseOption = "parameters",
    strategy: StrategyName = "exact",
    seed: int = DEFAULTS.seed,
    trials: int = DEFAULTS.trials,
    sampler: TorchFreeSampler = "tpe",
    top: TopOption = DEFAULTS.top,
    time_limit_s: TimeLimitOption = DEFAULTS.time_limit_s,
) -> None:
    """Ask for a student under a budget."""
    limits = {
        "parameters": parameters, "macs": macs, "bytes": size_bytes, "accuracy_drop": accuracy_drop,
        "activation_bytes": activation_bytes, "latency_ms": latency_ms, "device": device,
        "minimise": minimise,
    }  # fmt: skip
    with usage():
        budget = Budget.model_validate(limits)
        settings = SearchSettings(
            seed=seed, trials=trials, sampler=sampler, top=top, time_limit_s=time_limit_s
        )
    with shell.client() as client:
        made = client.request_student(library, budget, strategy, settings)
    shell.say(_said(made))
    shell.answer(made.id, made)


@command(students, "measure")
def measure(shell: Shell, waiting: Waiting, student: str, wait: WaitOption = False) -> None:
    """Have the service refit a student and measure it on the reporting images."""
    with shell.client() as client:
        made = client.measure(student)
        posted = Posted(made, lambda: client.student(student), student)
        posted.finish(shell, client, waiting.if_wanted(wait))
        found = client.student(student).measurement
    if found and found.assembled and found.refitted and found.teacher:
        shell.say(
            f"Measured: {found.refitted.value:.2f} ± {found.refitted.standard_error:.2f} % after "
            f"the refit, {found.assembled.value:.2f} % before it; the teacher has "
            f"{found.teacher.value:.2f} %."
        )


@command(students, "refine")
def refine(  # noqa: PLR0913 - each argument is an option of the command
    shell: Shell,
    waiting: Waiting,
    student: str,
    steps: StepsOption = MORE.steps,
    passes: PassesOption = MORE.passes,
    images: ImagesOption = None,
    learning_rate: RateOption = None,
    look_ahead: LookAheadOption = None,
    wait: WaitOption = False,
) -> None:
    """Have the service work on a student; what comes of it is another student.

    Unless told here, the library's recipe holds.
    """
    with usage():
        settings = RefinementSettings.model_validate(
            {
                "steps": steps, "passes": passes, "refinement_images": images,
                "learning_rate": learning_rate, "look_ahead": look_ahead,
            }
        )  # fmt: skip
    with shell.client() as client:
        made = client.refine(student, settings)
        posted = Posted(made, lambda: client.refinement(student, made.id))
        posted.finish(shell, client, waiting.if_wanted(wait))
        verdict = client.refinement(student, made.id).verdict
    if verdict:
        shell.say(verdict)


@command(students, "download")
def download(
    shell: Shell,
    student: str,
    out: OutArgument,
    refitted: RefittedOption = False,
    format: FormatOption = "safetensors",
) -> None:
    """Fetch a student's file and check it by its digest; a broken download is gone on with."""
    with shell.client() as client, transfer(out) as on_bytes:
        path = client.download(student, out, refitted, format, on_bytes)
    shell.answer(path)


@command(students, "list")
def listing(shell: Shell, library: str | None = None) -> None:
    """All of them, newest first."""
    with shell.client() as client:
        found = client.students(library=library)
        columns = ("id", "created_at", "library", "cost.parameters", "predicted_accuracy.value")
        shell.table(found, *columns)


@command(students, "show")
def show(shell: Shell, student: str) -> None:
    """What was chosen, what it costs, and what it reaches."""
    with shell.client() as client:
        shell.show(client.student(student))


@command(students, "delete")
def delete(shell: Shell, student: str) -> None:
    """With its measurement."""
    with shell.client() as client:
        client.delete_student(student)


def _said(made: StudentBody) -> str:
    accuracy = made.predicted_accuracy
    return (
        f"{made.cost.parameters} of {made.teacher_cost.parameters} parameters, predicted accuracy "
        f"{accuracy.value:.2f} ± {accuracy.standard_error:.2f} %. {_word(made.answer)}"
        f"{made.note or ''}"
    )


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
