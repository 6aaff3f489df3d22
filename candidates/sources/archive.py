"""Archive: a zip file of records as torch writes them, read with suspicion.

torch stores records uncompressed, so an honest archive is longer than all that it holds: an
archive that promises more than its own length is a bomb and is refused before a record is read.
"""

import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from candidates.errors import InvalidCheckpoint

MAX_ENTRIES = 100_000
MAX_NAME = 1000
MAX_TEXT_BYTES = 32 * 2**20
DAMAGED = "Save it again with torch and send the whole file."


class Archive:
    """An open archive: records by their names below its one top folder."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidCheckpoint naming the first entry that torch would not have written."""
        with _damage():
            self._zip = zipfile.ZipFile(path)
            self._entries = _checked(self._zip.infolist(), path.stat().st_size)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> Collection[str]:
        """Names of all records, in the order of the file."""
        return self._entries.keys()

    def bytes_of(self, name: str, limit: int | None = None) -> bytes:
        """A whole record, whose checksum is checked. InvalidCheckpoint if it is missing, damaged
        or longer than `limit` bytes.
        """
        if name not in self._entries:
            raise InvalidCheckpoint(f"The archive lacks the entry '{name}'. {DAMAGED}")
        entry = self._entries[name]
        if limit is not None and entry.file_size > limit:
            raise InvalidCheckpoint(
                f"Entry '{name}' has {entry.file_size} bytes; at most {limit} are read. "
                "The network is too large to be described in one file."
            )
        with _damage():
            return self._zip.read(entry)

    def start_of(self, name: str, limit: int) -> bytes:
        """At most so many bytes of the beginning of a record that is there."""
        with _damage(), self._zip.open(self._entries[name]) as record:
            return record.read(limit)

    def text_of(self, name: str) -> bytes:
        """A record of text, such as JSON."""
        return self.bytes_of(name, MAX_TEXT_BYTES)

    def refuse_others(self, known: Collection[str], what: str) -> None:
        """InvalidCheckpoint for the first record whose name matches none of some patterns."""
        pattern = re.compile("|".join(f"(?:{each})" for each in known))
        for name in self._entries:
            if not pattern.fullmatch(name):
                raise InvalidCheckpoint(
                    f"The archive holds the entry '{name[:100]}', which {what} does not have. "
                    "Nothing of it was opened; send the file as torch wrote it."
                )


def is_archive(path: Path) -> bool:
    """Whether a file begins like a zip archive, intact or not."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def names_in(path: Path) -> set[str]:
    """Names of the records below their top folders, unchecked: to tell what an archive is.

    InvalidCheckpoint if its directory is damaged.
    """
    with _damage(), zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2] for name in archive.namelist()}


def is_torch_script(names: Collection[str]) -> bool:
    """Whether records are those of TorchScript, whose sources torch does compress."""
    return any(name == "constants.pkl" or name.startswith("code/") for name in names)


def _checked(entries: list[zipfile.ZipInfo], file_bytes: int) -> dict[str, zipfile.ZipInfo]:
    if len(entries) > MAX_ENTRIES:
        raise InvalidCheckpoint(
            f"The archive has {len(entries)} entries; at most {MAX_ENTRIES} are read."
        )
    promised = sum(entry.file_size for entry in entries)
    if promised > file_bytes:
        raise InvalidCheckpoint(
            f"The archive of {file_bytes} bytes claims to hold {promised} bytes. torch does not "
            "compress what it saves; send the file as torch wrote it."
        )
    result: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        _check_entry(entry)
        if entry.filename in result:
            raise InvalidCheckpoint(
                f"The archive holds the entry '{entry.filename}' twice. {DAMAGED}"
            )
        result[entry.filename] = entry
    return _below_top(result)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name, parts = entry.filename, entry.filename.split("/")
    outside = name.startswith("/") or "\\" in name or ".." in parts or "" in parts
    if outside or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidCheckpoint(
            f"The archive holds an entry named {name[:100]!r}, which is no name of a file in it. "
            "Send the file as torch wrote it."
        )
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        raise InvalidCheckpoint(
            f"Entry '{name}' is compressed or encrypted, which torch never does. "
            "Send the file as torch wrote it."
        )


def _below_top(entries: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The same records without the name of the folder that torch puts them all into."""
    if len({name.partition("/")[0] for name in entries}) != 1:
        raise InvalidCheckpoint(
            f"The archive does not have one top folder as those of torch do. {DAMAGED}"
        )
    return {name.partition("/")[2]: entry for name, entry in entries.items()}


@contextmanager
def _damage() -> Iterator[None]:
    """What zipfile raises for damaged files, as InvalidCheckpoint."""
    try:
        yield
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as exc:
        raise InvalidCheckpoint(
            f"The archive is truncated or damaged: {str(exc).rstrip('.')}. {DAMAGED}"
        ) from exc
