"""Play: an operation that is being run."""

from collections.abc import Callable
from typing import Generic, TypeVar

from service.client.effects import Effect, Operation
from service.client.errors import ClientError

T = TypeVar("T")

CAUGHT = (ClientError, OSError)
"""What an effect may fail with; the operation hears of it."""


class Play(Generic[T]):
    """`effect` is to be done next; None at the end, when `result` is there."""

    result: T

    def __init__(self, operation: Operation[T]) -> None:
        self._operation = operation
        self.effect: Effect | None = None
        self._go_on(lambda: next(operation))

    def done(self, value: object) -> None:
        """The effect gave this."""
        self._go_on(lambda: self._operation.send(value))

    def failed(self, error: Exception) -> None:
        """The effect could not be done. Raises the error if the operation cannot go on."""
        self._go_on(lambda: self._operation.throw(error))

    def _go_on(self, step: Callable[[], Effect]) -> None:
        try:
            self.effect = step()
        except StopIteration as end:
            self.effect, self.result = None, end.value
