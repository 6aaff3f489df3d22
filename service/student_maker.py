"""Making a student: select, assemble its file, remember it."""

from dataclasses import dataclass
from typing import Any

from candidates.assembly import assemble
from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from search import strategies
from search.selection import Answer
from service.artifacts import Artifacts
from service.database import Database
from service.problem_cache import ProblemCache
from service.records import CandidateRecord, LibraryRecord, StoredFile, StudentRecord, TeacherRecord
from service.repositories import candidates, libraries, students, teachers
from service.repositories.prepared import Posted
from service.repositories.students import Wish


@dataclass(frozen=True)
class StudentMaker:
    """Selection and assembly happen outside any transaction, so nobody waits for them."""

    database: Database
    artifacts: Artifacts
    problems: ProblemCache

    def make(self, wish: Wish) -> Posted[StudentRecord]:
        """The student that is wished for, or the one that was made for an equal wish.

        Raises UnknownResource, ResourceNotReady, InfeasibleBudget, UnsupportedBudget.
        """
        with self.database.reading() as session:
            library = libraries.get_ready(session, wish.library_id)
            earlier = students.find(session, wish)
        if earlier is not None:
            return Posted(record=earlier, made=False)
        answer = strategies.select(
            wish.strategy, self.problems.of(library), wish.budget, wish.settings
        )
        file = self._assemble(library, wish, answer)
        with self.database.writing() as session:
            return students.add(session, wish, answer, file)

    def _assemble(self, library: LibraryRecord, wish: Wish, answer: Answer) -> StoredFile:
        with self.database.reading() as session:
            teacher = teachers.get_ready(session, library.teacher_id)
            chosen = candidates.chosen(session, answer.selection.choices)
        assert teacher.split is not None, "a ready teacher is split"
        student = assemble(
            self._checkpoint(teacher.weights.sha256),
            teacher.recipe,
            teacher.split.neighbourhoods,
            [self._checkpoint(part.weights_sha256) for part in chosen],
            _kept(chosen),
            _provenance(teacher, chosen, wish, answer),
        )
        return self.artifacts.put(student.to_bytes())

    def _checkpoint(self, sha256: str) -> Checkpoint:
        return Checkpoint.from_bytes(self.artifacts.read(sha256))


def _kept(chosen: tuple[CandidateRecord, ...]) -> Kept:
    return {width: channels for part in chosen for width, channels in part.candidate.kept.items()}


def _provenance(
    teacher: TeacherRecord, chosen: tuple[CandidateRecord, ...], wish: Wish, answer: Answer
) -> dict[str, Any]:
    """Digests only, no ids or times: equal students have equal files."""
    return {
        "teacher": teacher.weights.sha256,
        "candidates": [part.identity for part in chosen],
        "strategy": wish.strategy,
        "budget": wish.budget.model_dump(exclude_none=True),
        "seed": wish.settings.seed,
        "predicted_accuracy": answer.selection.predicted_accuracy.model_dump(),
        "parent": None,
    }
