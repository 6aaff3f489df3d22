"""Shelves: what is needed of a library to make students from it, loaded once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from search.problem import Problem
from service.database import Session
from service.failures import ResourceNotReady
from service.records import CandidateRecord, LibraryRecord, TeacherRecord
from service.repositories import candidates, libraries, teachers

MAX_SHELVES = 16


@dataclass(frozen=True)
class Shelf:
    """A library, its teacher, and those of its candidates that were asked for."""

    library: LibraryRecord
    teacher: TeacherRecord
    ready_problem: Problem | None
    records: dict[str, CandidateRecord] = field(default_factory=dict)

    @property
    def problem(self) -> Problem:
        """The candidates as the strategies see them; ResourceNotReady unless all are there."""
        if self.ready_problem is None:
            raise ResourceNotReady("library", self.library.id, self.library.state)
        return self.ready_problem

    def chosen(self, session: Session, candidate_ids: Sequence[str]) -> tuple[CandidateRecord, ...]:
        """These candidates of the library, in this order; each is loaded once."""
        missing = [each for each in candidate_ids if each not in self.records]
        if missing:
            found = candidates.chosen(session, missing)
            self.records.update({record.id: record for record in found})
        return tuple(self.records[each] for each in candidate_ids)


class Shelves:
    """Remembers the latest ones, each as long as nothing becomes of its library."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Shelf] = {}

    def of(self, session: Session, library_id: str) -> Shelf:
        """Raises UnknownResource."""
        key = (library_id, libraries.version(session, library_id))
        shelf = self._kept.get(key)
        if shelf is None:
            shelf = self._kept[key] = _load(session, library_id)
            for oldest in list(self._kept)[:-MAX_SHELVES]:
                self._kept.pop(oldest, None)
        return shelf


def _load(session: Session, library_id: str) -> Shelf:
    library = libraries.get(session, library_id)
    teacher = teachers.get(session, library.teacher_id)
    problem = candidates.problem(session, library_id) if library.state == "ready" else None
    return Shelf(library, teacher, problem)
