"""Endings: how a command ends that could not do its work, for people and for scripts."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from candidates.errors import StudentSearchError
from service.client import ClientError, JobEnded, Refused, StillRunning, Unreachable
from service.measure_latency.refused import Refused as NotMeasured

FAILED, CANCELLED, NOT_MET, UNREACHABLE, TIMEOUT, INTERRUPTED = 1, 3, 4, 5, 124, 130
BUDGETS = ("/problems/infeasible-budget", "/problems/contradictory-budget")
PART = ".part"
"""Behind the name of what is still being written."""
OURS = ("candidates", "search", "service", "migrations")
EXTRAS = {
    "torch": "train",
    "torchvision": "train",
    "PIL": "train",
    "networkx": "train",
    "onnx": "export",
    "ray": "cluster",
}
"""What brings a package; the server's brings all others."""
TITLES: Mapping[type[Exception], str] = {
    Unreachable: "The service is out of reach",
    ClientError: "The call failed",
    ModuleNotFoundError: "A package is missing",
    OSError: "A file cannot be used",
    Exception: "The command failed",
}
"""Of problems that no service told, the closest kind first."""


@contextmanager
def ending(as_json: bool = False) -> Iterator[None]:
    """One sentence, and the code that says what kind of end it is; as JSON the problem, in a line.

    It is the last one on standard error: an answer on standard output is always a whole one.
    """
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads has enough; the command line's library knows what to do
    except (ClientError, StudentSearchError, NotMeasured, ModuleNotFoundError, OSError) as exc:
        sentence = _sentence(exc)
        typer.echo(json.dumps(_problem(exc, sentence)) if as_json else sentence, err=True)
        raise typer.Exit(_code(exc)) from exc
    except KeyboardInterrupt as exc:
        told = {"title": "Interrupted", "detail": "Interrupted."}
        typer.echo(json.dumps(told) if as_json else told["detail"], err=True)
        raise typer.Exit(INTERRUPTED) from exc


def _code(error: Exception) -> int:
    if isinstance(error, StillRunning):
        return TIMEOUT
    if isinstance(error, Unreachable):
        return UNREACHABLE
    if isinstance(error, Refused) and error.problem.type in BUDGETS:
        return NOT_MET
    cancelled = isinstance(error, JobEnded) and error.job.state == "cancelled"
    return CANCELLED if cancelled else FAILED


def _problem(error: Exception, sentence: str) -> dict[str, Any]:
    """As the service told it; of what it did not tell, at least a title and the sentence."""
    if isinstance(error, Refused):
        return error.problem.model_dump(mode="json")
    if isinstance(error, JobEnded | StillRunning):
        why = error.job.error.model_dump(mode="json") if error.job.error else {}
        titled = {"title": f"The job is {error.job.state}", **why}
        return {**titled, "detail": sentence, "job": error.job.id}
    title = next(title for kind, title in TITLES.items() if isinstance(error, kind))
    return {"title": title, "detail": sentence}


def _sentence(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return _missing(error)
    if isinstance(error, OSError) and error.filename is not None:
        path = str(error.filename).removesuffix(PART)  # which whoever typed the path did not name
        return f"'{path}' cannot be used: {error.strerror}. Check the path."
    return str(error)


def _missing(error: ModuleNotFoundError) -> str:
    """Raises it again if it is a part of this program."""
    package = (error.name or "").partition(".")[0]
    if package in OURS:
        raise error
    extra = EXTRAS.get(package, "service")
    return (
        f"This command needs {package}, which is not installed here. "
        f"Install it: pip install 'student-search[{extra}]'."
    )
