"""Events: what an event stream says, read piece by piece as the HTML standard has it."""

from collections.abc import Iterator
from typing import NamedTuple


class Event(NamedTuple):
    """`data` is what its lines hold together."""

    name: str
    data: str


class Events:
    """Takes pieces that may end anywhere, also within a character."""

    def __init__(self) -> None:
        self._rest = b""
        self._name, self._data = "message", list[str]()

    def of(self, piece: bytes) -> Iterator[Event]:
        """The events that end in this piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            yield from self._line(line.removesuffix(b"\r").decode())

    def _line(self, line: str) -> Iterator[Event]:
        if not line:
            if self._data:
                yield Event(self._name, "\n".join(self._data))
            self._name, self._data = "message", []
            return
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
