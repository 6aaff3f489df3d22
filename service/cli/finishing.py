"""Finishing: how commands end that have a job do something."""

from collections.abc import Callable

from service.bodies.common import Worked
from service.cli.shell import Shell
from service.cli.waiting import Waiting
from service.client import Client


class Posted:
    """Of something posted: its note, its job if that is waited for, and what was made.

    `look` gives it as it is once the job has ended; `name` is its id, or that of what has it.
    """

    def __init__(self, made: Worked, look: Callable[[], object], name: str | None = None) -> None:
        self._made, self._look, self._name = made, look, name or made.id

    def finish(self, shell: Shell, client: Client, waiting: Waiting | None) -> None:
        """Without anything said of waiting, at once."""
        if self._made.note:
            shell.say(self._made.note)
        if waiting is None:
            shell.say(f"The job is {self._made.job}.")
            shell.answer(self._name, self._made)
            return
        waiting.wait(shell, client, self._made.job)
        shell.answer(self._name, self._look())
