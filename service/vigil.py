"""Vigil: for how long things have stayed as they are, as far as one process has watched them."""

import time
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Sight = TypeVar("Sight")


class _Seen(NamedTuple, Generic[Sight]):
    sight: Sight
    seconds: float


class Vigil(Generic[Key, Sight]):
    """Asks only this process's monotonic clock, so no clock that somebody sets, here or on another
    machine, makes a difference.

    Time in which nobody looked counts as `step` seconds at most: after a machine has slept, with
    everything on it, nothing has been silent for long.
    """

    def __init__(self, step: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._step, self._clock = step, clock
        self._lock = Lock()
        self._seen: dict[Key, _Seen[Sight]] = {}
        self._last = clock()

    def look(self, sights: Mapping[Key, Sight]) -> dict[Key, float]:
        """Seconds for which each is known to have been the same; what is not among them is
        forgotten.
        """
        with self._lock:
            now = self._clock()
            passed, self._last = min(self._step, now - self._last), now
            self._seen = {key: self._of(key, sight, passed) for key, sight in sights.items()}
            return {key: seen.seconds for key, seen in self._seen.items()}

    def _of(self, key: Key, sight: Sight, passed: float) -> _Seen[Sight]:
        known = self._seen.get(key)
        same = known is not None and known.sight == sight
        return _Seen(sight, known.seconds + passed if same and known else 0.0)
