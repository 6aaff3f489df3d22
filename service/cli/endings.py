"""Endings: how a command ends that could not do its work, for people and for scripts."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from candidates.errors import StudentSearchError
from service.client import ClientError, JobEnded, StillRunning
from service.measure_latency.refused import Refused as NotMeasured

FAILED, CANCELLED, TIMEOUT, INTERRUPTED = 1, 3, 124, 130
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


@contextmanager
def ending() -> Iterator[None]:
    """One sentence, and the code that says what kind of end it is."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads has enough; the command line's library knows what to do
    except (ClientError, StudentSearchError, NotMeasured, ModuleNotFoundError, OSError) as exc:
        typer.echo(_sentence(exc), err=True)
        raise typer.Exit(_code(exc)) from exc
    except KeyboardInterrupt as exc:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(INTERRUPTED) from exc


def _code(error: Exception) -> int:
    if isinstance(error, StillRunning):
        return TIMEOUT
    cancelled = isinstance(error, JobEnded) and error.job.state == "cancelled"
    return CANCELLED if cancelled else FAILED


def _sentence(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return _missing(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"'{error.filename}' cannot be used: {error.strerror}. Check the path."
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
