"""The command for pipelines: from a teacher's file to a verdict on its students."""

from pathlib import Path
from typing import Annotated

import typer

from candidates.recipe import LibraryRecipe, TeacherRecipe
from service.ci import gate, github, making, pages, reuse
from service.ci.jobs import Jobs
from service.ci.making import Making
from service.ci.outcome import Outcome
from service.ci.report import Report
from service.ci.wishes import Wish, Wishes
from service.cli.endings import CANCELLED, FAILED
from service.cli.options import FileArgument, parsed
from service.cli.shell import Shell
from service.client import Client

RecipeOption = Annotated[Path, typer.Option("--recipe", exists=True, help="The teacher's, JSON.")]
DatasetOption = Annotated[
    str | None, typer.Option(help="Id, or name of a ready one; none where inputs are made up.")
]
LibraryOption = Annotated[
    Path | None, typer.Option("--library-recipe", exists=True, help="The library's, JSON.")
]
BudgetOption = Annotated[
    list[str], typer.Option("--budget", help="Like parameters=50% or latency_ms=4,device=phone.")
]
FallOption = Annotated[
    float, typer.Option(min=0, help="Points that accuracy may be below the accepted one.")
]
AcceptedOption = Annotated[
    Path, typer.Option(help="Record of what was accepted last; need not exist.")
]
AcceptOption = Annotated[
    bool, typer.Option(help="Record a teacher that passes, so that the next is held against it.")
]
OutOption = Annotated[Path, typer.Option(help="Folder for students, curve and reports.")]
TimeoutOption = Annotated[
    float | None, typer.Option(min=0, help="Seconds for all jobs together; then exit code 124.")
]
FIFTY = ["parameters=50%"]


def ci(  # noqa: PLR0913 - each argument is an option of the command
    shell: Shell,
    weights: FileArgument,
    recipe: RecipeOption,
    dataset: DatasetOption = None,
    name: str = "",
    library_recipe: LibraryOption = None,
    budget: BudgetOption = FIFTY,
    max_fall: FallOption = 0.5,
    accepted: AcceptedOption = Path("student-search-accepted.json"),
    accept: AcceptOption = True,
    out: OutOption = Path("student-search"),
    timeout: TimeoutOption = None,
) -> None:
    """Push a teacher, wait, fetch students by budget, and fail if one is worse than was accepted.

    Students are measured, and their refitted files fetched. Stopped by SIGINT or SIGTERM, it
    cancels the job that it has begun; stopped by --timeout it does not, and the next run goes on.
    """
    wishes = Wishes(
        name=name or weights.stem,
        weights=weights,
        recipe=parsed(TeacherRecipe, recipe),
        dataset=dataset,
        library=parsed(LibraryRecipe, library_recipe) if library_recipe else LibraryRecipe(),
        students=_wishes(budget),
    )
    before = Outcome.read(accepted)
    out.mkdir(parents=True, exist_ok=True)
    with shell.client() as client:
        made = _made(client, Jobs(client, shell.say, out / "job", timeout), wishes, out)
        verdict = gate.judged(made.outcome, before, max_fall)
        report = _report(client, made, before, verdict, wishes.students[0])
        _write(client, report, out, wishes.students[0])
    if verdict.passed and accept:
        made.outcome.write(accepted)
    shell.say(verdict.sentence)
    shell.answer(out, made.outcome)
    if not verdict.passed:
        raise typer.Exit(FAILED)


def _wishes(budgets: list[str]) -> tuple[Wish, ...]:
    try:
        return tuple(Wish.of(text) for text in budgets)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc


def _made(client: Client, jobs: Jobs, wishes: Wishes, out: Path) -> Making:
    try:
        with jobs.interruptible():
            return making.make(client, jobs, wishes, out)
    except KeyboardInterrupt as exc:
        raise typer.Exit(CANCELLED) from exc


def _report(
    client: Client, made: Making, before: Outcome | None, verdict: gate.Verdict, first: Wish
) -> Report:
    now = made.outcome
    return Report(
        outcome=now,
        verdict=verdict,
        reuse=reuse.told(client, now.library, made.was_there, before.library if before else None),
        curve=client.trade_off_curve(now.library, first.axis, device=first.budget.device),
        url=client.url,
    )


def _write(client: Client, report: Report, out: Path, first: Wish) -> None:
    """All that is kept of a run; the curve is the first student's."""
    library, device = report.outcome.library, first.budget.device
    client.download_curve(library, out / "curve.svg", "svg", first.axis, device)
    picture = client.download_curve(library, out / "curve.png", "png", first.axis, device)
    summary = pages.markdown(report)
    (out / "summary.md").write_text(summary, "utf-8")
    (out / "summary.html").write_text(pages.html(report, picture.read_bytes()), "utf-8")
    (out / "junit.xml").write_bytes(pages.junit(report, picture))
    report.outcome.write(out / "outcome.json")
    github.tell(report, summary)
