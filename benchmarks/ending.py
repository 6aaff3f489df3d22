"""Ending: however a person stops a script, what it started is ended too."""

import signal
import sys
from collections.abc import Callable

from candidates.errors import StudentSearchError
from service.client import ClientError


def run_to_the_end(main: Callable[[], None]) -> None:
    """Run; a signal unwinds every block that has to end something, an error is one sentence."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped; the service and its workers are gone.")
    except (ClientError, StudentSearchError) as exc:
        sys.exit(str(exc))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
