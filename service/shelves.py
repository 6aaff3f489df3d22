"""Shelves: what is needed of a library to make students from it, loaded once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from search.problem import Problem
from service.database import Session
from service.records import CandidateRecord, LibraryRecord, TeacherRecord
from service.repositories import candidates, libraries, teachers

MAX_SHELVES = 16


@dataclass(frozen=True)
class Shelf:
    """A ready library, its teacher, and its candidates as the strategies see them."""

    library: LibraryRecord
    teacher: TeacherRecord
    problem: Problem
    records: dict[str, CandidateRecord] = field(default_factory=dict)

    def chosen(self, session: Session, candidate_ids: Sequence[str]) -> tuple[CandidateRecord, ...]:
        """These candidates of the library, in this order; each is loaded once."""
        missing = [each for each in candidate_ids if each not in self.records]
        if missing:
            found = candidates.chosen(session, missing)
            self.records.update({record.id: record for record in found})
        return tuple(self.records[each] for each in candidate_ids)


class Shelves:
    """Remembers the latest ones. A ready library stays as it is until a new job begins."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Shelf] = {}

    def of(self, session: Session, library_id: str) -> Shelf:
        """Raises UnknownResource, ResourceNotReady."""
        key = (library_id, libraries.version(session, library_id))
        shelf = self._kept.get(key)
        if shelf is None:
            shelf = self._kept[key] = _load(session, library_id)
            for oldest in list(self._kept)[:-MAX_SHELVES]:
                self._kept.pop(oldest, None)
        return shelf


def _load(session: Session, library_id: str) -> Shelf:
    library = libraries.get_ready(session, library_id)
    teacher = teachers.get_ready(session, library.teacher_id)
    return Shelf(library, teacher, candidates.problem(session, library_id))
