"""Jobs of a pipeline: waited for one after the other, and cancelled with it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from service.bodies import common
from service.bodies.jobs import JobBody
from service.client import Client, ClientError
from service.interrupts import as_interrupts, held_back

Made = TypeVar("Made", bound=common.Worked)
TENTHS = 10


class Jobs:
    """`timeout` is in seconds, for all of them together; none without it. While one runs that this
    pipeline has begun, its id lies in `note`, for whoever cleans up behind a process that was
    killed.
    """

    def __init__(
        self, client: Client, say: Callable[[str], None], note: Path, timeout: float | None
    ) -> None:
        self._client, self._say, self._note = client, say, note
        self._end = None if timeout is None else time.monotonic() + timeout
        self._own: str | None = None

    def done(self, post: Callable[[], Made]) -> Made:
        """What is posted, once its job has ended. An interrupt waits until the job is known.

        Raises JobEnded, and StillRunning: the job then goes on, and the pipeline's next run with
        it.
        """
        with held_back():
            made = post()
            if made.note is None:  # else somebody else may be waiting for it, too
                self._own = made.job
                self._note.write_text(made.job)
        left = None if self._end is None else max(0.0, self._end - time.monotonic())
        self._client.wait(made.job, self._teller(), timeout_seconds=left)
        self._own = None
        self._note.unlink(missing_ok=True)
        return made

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """By SIGINT or SIGTERM: KeyboardInterrupt, once what this pipeline began is cancelled."""
        with as_interrupts():
            try:
                yield
            except KeyboardInterrupt:
                self._cancel()
                raise

    def _cancel(self) -> None:
        if self._own is None:
            return
        try:
            self._client.cancel(self._own)
        except ClientError as exc:
            self._say(f"The job '{self._own}' could not be cancelled. {exc}")
        else:
            self._note.unlink(missing_ok=True)
            self._say(f"The job '{self._own}' was cancelled.")

    def _teller(self) -> Callable[[JobBody], None]:
        """A line for every state, and for every tenth of the work."""
        told: list[tuple[str, int]] = []

        def tell(now: JobBody) -> None:
            mark = (now.state, int(now.share * TENTHS))
            if mark not in told:
                told.append(mark)
                self._say(f"{now.kind} {now.state}, {now.share:.0%} ({now.id})")

        return tell
