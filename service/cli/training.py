"""The command that fine-tunes a downloaded student, without a service."""

import inspect
import sys
from contextlib import nullcontext, redirect_stdout
from typing import Any

from candidates import fine_tune as alone
from candidates.errors import StudentSearchError
from service.cli.shell import Screen


def fine_tune(screen: Screen, **options: Any) -> None:
    """Stands for `python -m candidates.fine_tune`, whose options it takes."""
    with redirect_stdout(sys.stderr) if screen.as_json else nullcontext():
        try:
            learnt = alone.tuned(**options)
        except (ValueError, FloatingPointError) as exc:
            raise StudentSearchError(str(exc)) from exc
    if screen.as_json:
        screen.answer("", {"student": str(options["out"]), **dict(learnt)})


_screen, _ = inspect.signature(fine_tune).parameters.values()
_theirs = inspect.signature(alone.tuned, eval_str=True)
fine_tune.__signature__ = _theirs.replace(  # type: ignore[attr-defined]
    parameters=[_screen, *_theirs.parameters.values()]
)
fine_tune.__doc__ = alone.tuned.__doc__
