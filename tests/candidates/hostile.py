"""Archives that somebody changed, and payloads that must never run."""

import json
import os
import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.system, (f"touch {self.marker}",)


def pickled(marker: Path, protocol: int = pickle.DEFAULT_PROTOCOL) -> bytes:
    return pickle.dumps(Payload(marker), protocol)


def entries_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def entry_named(path: Path, end: str) -> str:
    """The one entry whose name ends so."""
    (name,) = (name for name in entries_of(path) if name.endswith(end))
    return name


def archive_of(
    path: Path, entries: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED
) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def with_entry(path: Path, name: str, data: bytes) -> Path:
    """The archive with one more entry, even if it has one of that name."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(name, data)
    return path


def with_bytes(path: Path, end: str, data: bytes) -> Path:
    """The archive with another content of the entry whose name ends so."""
    return archive_of(path, {**entries_of(path), entry_named(path, end): data})


def with_json(path: Path, end: str, change: Callable[[Json], object]) -> Path:
    """The archive with a changed JSON entry."""
    content = json.loads(entries_of(path)[entry_named(path, end)])
    change(content)
    return with_bytes(path, end, json.dumps(content).encode())


def graph_of(content: Json) -> Json:
    graph: Json = content["graph_module"]["graph"]
    return graph
