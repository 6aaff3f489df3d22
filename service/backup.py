"""Backup: a folder with the database of one moment, and with every file that it refers to."""

import shutil
from pathlib import Path
from typing import NamedTuple

from candidates.errors import StudentSearchError
from service import dumps
from service.artifacts import Artifacts
from service.database import Database
from service.failures import ArtifactDamaged, ArtifactMissing
from service.stores.disk import Disk
from service.stores.troubles import translated


class BackupUnusable(StudentSearchError):
    """A folder is no backup of this kind of database, or has lost a file."""


class Saved(NamedTuple):
    """How many files there are, how many of them were copied, and what was wrong with others."""

    num_files: int
    num_copied: int
    troubles: list[str]


class Backup:
    """In `folder`. A later one into the same folder copies only what is new; until it is complete
    the earlier one stands.
    """

    def __init__(self, folder: Path) -> None:
        """Raises StoreFull, StoreUnavailable."""
        self._folder = folder
        with translated(f"make its folder {folder}"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # tokens' digests are in it
        self._files = Artifacts(Disk(folder / "files"))

    def save(self, database: Database, artifacts: Artifacts) -> Saved:
        """The service may run meanwhile: what is deleted then stays in the store for a while.

        Raises DumpFailed, StoreFull, StoreUnavailable.
        """
        arriving = self._folder / "database.arriving"
        arriving.unlink(missing_ok=True)
        wanted = dumps.write(database, arriving)
        num_copied, troubles = 0, []
        for sha256 in sorted(wanted):
            try:
                num_copied += _copy(artifacts, self._files, sha256)
            except (ArtifactMissing, ArtifactDamaged) as exc:
                troubles.append(str(exc))
        arriving.replace(self._folder / dumps.name_of(database))
        return Saved(len(wanted), num_copied, troubles)

    def restore(self, database: Database, artifacts: Artifacts) -> int:
        """Into a database without tables, and a store that may have any files; returns the number
        of files. The database comes last, so a restoration that breaks off can be done again.

        Raises BackupUnusable, DumpFailed, ArtifactDamaged, StoreFull, StoreUnavailable.
        """
        dump = self._folder / dumps.name_of(database)
        if not dump.is_file():
            raise BackupUnusable(
                f"There is no {dump.name} in {self._folder}, so it is no backup of such a "
                "database. Check the folder, and STUDENT_SEARCH_DATABASE_URL."
            )
        dumps.check_empty(database)
        store = self._files.store
        files = {entry.sha256 for aside in (False, True) for entry in store.entries(aside)}
        for sha256 in sorted(files):
            _copy(self._files, artifacts, sha256)
        dumps.load(dump, database)
        return len(files)


def _copy(source: Artifacts, target: Artifacts, sha256: str) -> bool:
    """False if the target has it already, and whole."""
    if target.is_intact(sha256):
        return False
    with target.scratch() as path:
        shutil.copyfile(source.locate(sha256), path)
        if target.adopt(path).sha256 != sha256:
            raise ArtifactDamaged(sha256)
    return True
