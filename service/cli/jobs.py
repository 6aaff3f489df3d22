"""Commands on jobs."""

from datetime import datetime
from typing import Annotated

import typer

from service.bodies.jobs import Amendment
from service.cli.command import command
from service.cli.options import usage
from service.cli.shell import Shell
from service.cli.waiting import Waiting, line_of
from service.records import WorkState

jobs = typer.Typer(no_args_is_help=True, help="Work that takes time.")

PriorityOption = Annotated[int | None, typer.Option(min=-100, max=100, help="Higher goes first.")]
DeadlineOption = Annotated[
    datetime | None, typer.Option(help="When it fails if it is not done; local time.")
]


@command(jobs, "wait")
def wait(shell: Shell, waiting: Waiting, job: str) -> None:
    """Stay until a job has ended; its failure is this command's."""
    with shell.client() as client:
        ended = waiting.wait(shell, client, job)
    if shell.as_json:
        shell.answer(ended.id, ended)


@command(jobs, "watch")
def watch(shell: Shell, waiting: Waiting, job: str) -> None:
    """Print a line whenever something of a job changes, with --json all of the job; end as it
    does.
    """
    with shell.client() as client, waiting.interruptible(shell, client, job):
        client.wait(job, lambda now: shell.answer(line_of(now), now), None, waiting.timeout)


@command(jobs, "cancel")
def cancel(shell: Shell, job: str) -> None:
    """End a job; what it has made so far is kept."""
    with shell.client() as client:
        cancelled = client.cancel(job)
    shell.answer(cancelled.id, cancelled)


@command(jobs, "retry")
def retry(shell: Shell, job: str) -> None:
    """Do again what of a job has failed or was cancelled."""
    with shell.client() as client:
        again = client.retry(job)
    shell.answer(again.id, again)


@command(jobs, "amend")
def amend(
    shell: Shell, job: str, priority: PriorityOption = None, deadline: DeadlineOption = None
) -> None:
    """Give a job another priority or deadline."""
    given = {"priority": priority, "deadline": deadline and deadline.astimezone()}
    with usage():
        amendment = Amendment.model_validate({k: v for k, v in given.items() if v is not None})
    with shell.client() as client:
        amended = client.amend(job, amendment)
    shell.answer(line_of(amended), amended)


@command(jobs, "list")
def listing(shell: Shell, state: WorkState | None = None, resource: str | None = None) -> None:
    """All of them, newest first."""
    with shell.client() as client:
        found = client.jobs(state=state, resource=resource)
        shell.table(found, "id", "kind", "state", "share", "created_at", "resource")


@command(jobs, "show")
def show(shell: Shell, job: str) -> None:
    """How far it is, and why it failed if it did."""
    with shell.client() as client:
        shell.show(client.job(job))
