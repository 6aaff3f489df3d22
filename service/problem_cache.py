"""The scored candidates of libraries, loaded once and kept for the next selection."""

from functools import lru_cache

from search.problem import Problem
from service.database import Database
from service.records import LibraryRecord
from service.repositories import candidates

MAX_LIBRARIES = 16


class ProblemCache:
    """Remembers the latest problems. A ready library never changes: only a new job could."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._load = lru_cache(maxsize=MAX_LIBRARIES)(self._read)

    def of(self, library: LibraryRecord) -> Problem:
        """The problem of a ready library."""
        return self._load(library.id, library.job_id)

    def _read(self, library_id: str, _job_id: str) -> Problem:
        with self._database.reading() as session:
            return candidates.problem(session, library_id)
