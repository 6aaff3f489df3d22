"""Display: a training's steps, loss, held-out accuracy and remaining time on a terminal."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from torch import Tensor, nn

from candidates.training import Look, Loss

REFRESH = 10
"""Steps after which the loss is shown again; showing it makes a GPU wait."""


class Display:
    """Looks over a training's shoulder: at its loss, its looks and its progress."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._loss: Tensor | None = None
        self._accuracy = math.nan
        self._done = 0

    def loss(self, loss: Loss) -> Loss:
        """The same loss, seen."""

        def seen(inputs: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
            value = loss(inputs, logits, labels)
            self._loss = value.detach()
            return value

        return seen

    def look(self, look: Look) -> Look:
        """The same look, which is told in a line of its own."""

        def measure(network: nn.Module) -> float:
            self._accuracy = look.measure(network)
            self.console.print(f"Step {self._done + 1}: {self._words()}.", highlight=False)
            return self._accuracy

        return Look(measure, look.every)

    @contextmanager
    def progress(self, total: int) -> Iterator["Display"]:
        """A bar, as long as the context lasts."""
        columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self.console) as self._bar:
            self._task = self._bar.add_task("steps", total=total)
            yield self

    def __call__(self, done: int, total: int) -> None:
        """A step is done."""
        self._done = done
        if done % REFRESH == 0 or done == total:
            self._bar.update(self._task, completed=done, description=self._words())

    def _words(self) -> str:
        loss = math.nan if self._loss is None else float(self._loss)
        known = "" if math.isnan(self._accuracy) else f", held-out accuracy {self._accuracy:.2f} %"
        return f"loss {loss:.4f}{known}"
