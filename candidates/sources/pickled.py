"""Pickled: which classes a file of torch.save asks for, read off its opcodes; nothing is run."""

import io
import pickletools
from collections.abc import Iterator
from pathlib import Path

from candidates.sources.archive import Archive, is_archive

START_BYTES = 256 * 1024
"""So much of a pickle is looked at: a whole network's class stands at its beginning."""
LEGACY_PICKLES = 4
"""Before version 1.6 a number, a version and a machine came first, each a pickle of its own."""
PLAIN = frozenset({"torch", "collections", "builtins", "__builtin__", "_codecs"})
NOT_PLAIN = ("torch.nn.modules.", "torch.fx.", "torch.optim.", "torch.jit.")


def foreign_class(path: Path) -> str | None:
    """The first class named in it that no state dict needs; None as well where it is damaged.

    InvalidCheckpoint for an archive that torch would not have written.
    """
    return next((name for name in _classes(_start_of(path)) if _is_foreign(name)), None)


def _start_of(path: Path) -> bytes:
    if is_archive(path):
        with Archive(path) as archive:
            return archive.start_of("data.pkl", START_BYTES)
    with path.open("rb") as file:
        return file.read(START_BYTES)


def _is_foreign(name: str) -> bool:
    return name.partition(".")[0] not in PLAIN or name.startswith(NOT_PLAIN)


def _classes(data: bytes) -> Iterator[str]:
    """In the order of the file, of one pickle behind another, as far as they can be read."""
    stream = io.BytesIO(data)
    try:
        for _ in range(LEGACY_PICKLES):
            yield from _named(stream)
    except ValueError:
        return  # the end of what was read, or damage that whoever opens it will name


def _named(stream: io.BytesIO) -> Iterator[str]:
    strings: list[str] = []
    memo: dict[object, str] = {}
    for opcode, arg, _ in pickletools.genops(stream):
        if opcode.name == "GLOBAL":
            yield str(arg).replace(" ", ".")
        elif opcode.name == "STACK_GLOBAL":
            yield ".".join(strings[-2:])
        elif isinstance(arg, str):
            strings.append(arg)
        elif "PUT" in opcode.name or opcode.name == "MEMOIZE":
            memo[len(memo) if arg is None else arg] = strings[-1] if strings else ""
        elif "GET" in opcode.name:
            strings.append(memo.get(arg, ""))
