"""Making a student: select, assemble its file, remember it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from search import strategies
from search.budget import Budget
from search.predictor import Prediction
from search.selection import Answer
from service.database import Database, Session
from service.records import CandidateRecord, StudentRecord, TeacherRecord
from service.repositories import devices, measured, students
from service.repositories.students import Wish
from service.shelves import Shelf, Shelves
from service.student_files import StudentFiles, network_of
from service.watch import NOBODY, Watch

Chosen = tuple[CandidateRecord, ...]


class Since(NamedTuple):
    """What has come since a student was predicted: measurements of its library, and what they
    together with all others predict for it now.
    """

    num_measured: int
    prediction: Prediction


class Product(NamedTuple):
    """A student with what it was made of; `made` is False if it had been there before, and then
    `since` tells what would be predicted otherwise now.
    """

    student: StudentRecord
    made: bool
    teacher: TeacherRecord
    chosen: Chosen
    since: Since | None = None


@dataclass(frozen=True)
class StudentMaker:
    """Selection and assembly happen outside any transaction, so nobody waits for them."""

    database: Database
    files: StudentFiles
    shelves: Shelves
    watch: Watch = NOBODY

    def make(self, wish: Wish) -> Product:
        """The student that is wished for, or the one that was made for an equal wish.

        A device is named by its id from here on: another may get its name one day. Raises
        UnknownResource, ResourceNotReady, LatenciesMissing, InfeasibleBudget, UnsupportedBudget.
        """
        with self.database.reading() as session:
            wish = wish.model_copy(update={"budget": with_device_id(session, wish.budget)})
            earlier = students.find(session, wish)
            if earlier is not None:
                return self._again(session, earlier, wish.budget.device)
            shelf = self.shelves.of(session, wish.library_id)
            there = shelf.on_device(session, wish.budget.device)
        budget = there.absolute(wish.budget)
        with self.watch.selecting(wish.strategy):
            answer = strategies.select(wish.strategy, there.problem, budget, wish.settings)
        return self.keep(wish, shelf, answer)

    def _again(self, session: Session, student: StudentRecord, device: str | None) -> Product:
        shelf = self.shelves.of_student(session, student)
        chosen = shelf.chosen(session, student.selection.choices)
        since = _since(session, shelf.on_device(session, device), student)
        return Product(student, False, shelf.teacher, chosen, since)

    def keep(self, wish: Wish, shelf: Shelf, answer: Answer) -> Product:
        """The student of an answer, or the one that was made for an equal wish."""
        with self.database.reading() as session:
            chosen = shelf.chosen(session, answer.selection.choices)
        provenance = _provenance(shelf.teacher, chosen, wish, answer)
        file = self.files.put(shelf.teacher, chosen, provenance)
        with self.database.writing() as session:
            found = students.add(session, wish, answer, file)
        if found.made:
            self.watch.note_student(wish.strategy)
        return Product(found.record, found.made, shelf.teacher, chosen)


def _since(session: Session, shelf: Shelf, student: StudentRecord) -> Since | None:
    """None where nothing was measured, or the library is being built again."""
    problem = shelf.ready_problem
    if problem is None or not shelf.measured:
        return None
    num_measured = measured.num_since(session, student.library_id, student.created_at)
    if num_measured == 0:
        return None
    choices = {choice.id: choice for each in problem.neighbourhoods for choice in each}
    loss = problem.loss([choices[each] for each in student.selection.choices])
    return Since(num_measured, problem.predictor.accuracy(loss))


def with_device_id(session: Session, budget: Budget) -> Budget:
    """The same budget, its device named by its id. Raises UnknownResource."""
    if budget.device is None:
        return budget
    return budget.model_copy(update={"device": devices.get(session, budget.device).id})


def _provenance(
    teacher: TeacherRecord, chosen: Chosen, wish: Wish, answer: Answer
) -> dict[str, Any]:
    """Digests only, no ids, times or budgets: equal students have equal files, whatever they were
    asked for. `teacher` is that of the teacher's own file.
    """
    searched = {"objective": "measured", "trials": len(answer.trials)}
    return {
        "teacher": network_of(teacher),
        "candidates": [part.identity for part in chosen],
        "strategy": wish.strategy,
        "predicted_accuracy": answer.selection.predicted_accuracy.model_dump(),
        "parent": None,
        **(searched if wish.search is not None else {}),
    }
