"""Waiting: how long a command stays, and what becomes of the job when it is interrupted."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, Self

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from service.bodies.jobs import JobBody
from service.cli.endings import CANCELLED, INTERRUPTED
from service.cli.shell import Shell, console
from service.client import Client, ClientError
from service.interrupts import as_interrupts, held_back

TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", min=0, help="Seconds to wait at most; then exit code 124."),
]
CancelOption = Annotated[
    bool,
    typer.Option(
        "--cancel-on-interrupt", help="Ctrl-C cancels the job as well; twice ends at once."
    ),
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Stay until the job has ended.")]
TENTHS = 10


@dataclass(frozen=True)
class Waiting:
    """In seconds; without a limit until the job has ended."""

    timeout: float | None = None
    cancel_on_interrupt: bool = False

    def if_wanted(self, wait: bool) -> Self | None:
        """None where neither --wait was given nor anything that only makes sense with it."""
        return self if wait or self.timeout is not None or self.cancel_on_interrupt else None

    def wait(self, shell: Shell, client: Client, job: str) -> JobBody:
        """The job as it ended. Raises JobEnded, StillRunning and, interrupted, typer.Exit."""
        with self.interruptible(shell, client, job), _progress() as progress:
            return client.wait(job, progress, timeout_seconds=self.timeout)

    def posting(self) -> AbstractContextManager[None]:
        """Around all of a command: until its job is known, nothing can be cancelled."""
        return held_back() if self.cancel_on_interrupt else nullcontext()

    @contextmanager
    def interruptible(self, shell: Shell, client: Client, job: str) -> Iterator[None]:
        """Also by SIGTERM, which is how CI systems stop what runs."""
        try:
            with as_interrupts():
                yield
        except KeyboardInterrupt as exc:
            raise typer.Exit(self._interrupted(shell, client, job)) from exc

    def _interrupted(self, shell: Shell, client: Client, job: str) -> int:
        if not self.cancel_on_interrupt:
            shell.say(
                f"The job '{job}' goes on. Wait for it again with `student-search jobs wait {job}`,"
                f" or end it with `student-search jobs cancel {job}`."
            )
            return INTERRUPTED
        try:
            client.cancel(job)
        except ClientError as exc:
            shell.say(f"The job '{job}' could not be cancelled. {exc}")
            return INTERRUPTED
        shell.say(f"The job '{job}' was cancelled.")
        return CANCELLED


@contextmanager
def _progress() -> Iterator[Callable[[JobBody], None]]:
    """A bar where somebody looks; elsewhere, as in the log of a CI, a line every now and then."""
    target = console()
    if not target.is_terminal:
        yield _Lines().tell
        return
    with bar() as progress:
        task = progress.add_task("waiting")
        yield lambda now: progress.update(task, **_shown(now))


def bar() -> Progress:
    """On standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console())


class _Lines:
    """One for every state, and for every tenth of the work."""

    def __init__(self) -> None:
        self._told: tuple[str, int] | None = None

    def tell(self, now: JobBody) -> None:
        mark = (now.state, int(now.share * TENTHS))
        if mark != self._told:
            typer.echo(line_of(now), err=True)
            self._told = mark


def line_of(job: JobBody) -> str:
    """How far it is."""
    left = "" if job.eta_seconds is None else f", about {job.eta_seconds:.0f} s left"
    return f"{job.id} {job.kind} {job.state}, {job.share:.0%}{left}"


def _shown(job: JobBody) -> dict[str, Any]:
    return {
        "description": f"{job.kind} {job.state}",
        "completed": job.progress.done,
        "total": job.progress.total or None,
    }
