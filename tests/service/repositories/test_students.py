"""Students, their trials and their measurements."""

import pytest

from search.budget import Budget
from search.selection import Answer, Selection, Trial
from search.settings import SearchSettings
from service.database import Database
from service.failures import InvalidCursor, ResourceInUse, UnknownResource
from service.ledger import Ledger
from service.records import LibraryRecord, StudentRecord
from service.repositories import candidates, libraries, measurements, students, trials
from service.repositories.measurements import Measured
from service.repositories.pages import Page
from service.repositories.students import Wanted, Wish
from tests.service import builders

NUM_TRIALS = 5


@pytest.fixture
def library(database: Database, ledger: Ledger) -> LibraryRecord:
    return builders.ready_library(database, ledger)


@pytest.fixture
def wish(library: LibraryRecord) -> Wish:
    return Wish(
        library_id=library.id,
        budget=Budget(parameters=2500),
        strategy="optuna",
        settings=SearchSettings(trials=NUM_TRIALS),
    )


@pytest.fixture
def answer(database: Database, library: LibraryRecord) -> Answer:
    with database.reading() as session:
        items = candidates.listing(session, library.id, Page()).items
    choices = tuple(item.id for item in items if item.position == 0)
    made = tuple(
        Trial(number=number, choices=choices, loss=0.5, feasible=number % 2 == 0)
        for number in range(NUM_TRIALS)
    )
    selection = Selection(
        choices=choices, cost=builders.COST, loss=0.5, predicted_accuracy=builders.ESTIMATE
    )
    return Answer(selection=selection, trials=made)


@pytest.fixture
def student(database: Database, wish: Wish, answer: Answer) -> StudentRecord:
    with database.writing() as session:
        return students.add(session, wish, answer, builders.FILE).record


def test_a_student_is_found_by_its_wish(
    database: Database, wish: Wish, answer: Answer, student: StudentRecord
) -> None:
    with database.reading() as session:
        assert students.find(session, wish) == students.get(session, student.id) == student
        other = wish.model_copy(update={"budget": Budget(parameters=9)})
        assert students.find(session, other) is None
    assert (student.selection, student.file) == (answer.selection, builders.FILE)
    assert (student.budget, student.settings) == (wish.budget, wish.settings)


def test_the_same_wish_is_made_once(
    database: Database, wish: Wish, answer: Answer, student: StudentRecord
) -> None:
    with database.writing() as session:
        posted = students.add(session, wish, answer, builders.FILE)
        assert posted.record == student
        assert not posted.made
        assert len(students.listing(session, Page(), Wanted(library_id=wish.library_id)).items) == 1


def test_trials_are_shown_in_their_order(
    database: Database, answer: Answer, student: StudentRecord
) -> None:
    with database.reading() as session:
        first = trials.listing(session, student.id, Page(limit=3))
        second = trials.listing(session, student.id, Page(limit=3, cursor=first.next))
        with pytest.raises(InvalidCursor):
            trials.listing(session, student.id, Page(cursor="x"))
    assert first.items + second.items == answer.trials
    assert second.next is None


def test_a_library_with_students_is_not_deleted(
    database: Database, library: LibraryRecord, student: StudentRecord
) -> None:
    with database.writing() as session:
        with pytest.raises(ResourceInUse, match="students that refer to it: 1"):
            libraries.delete(session, library.id)
        students.delete(session, student.id)
        libraries.delete(session, library.id)
        with pytest.raises(UnknownResource):
            students.get(session, student.id)


def test_a_measurement_stands_beside_its_student(
    database: Database, ledger: Ledger, student: StudentRecord
) -> None:
    with database.writing() as session:
        posted = measurements.post(session, student.id)
        assert students.get(session, student.id).measurement == posted.record
        with pytest.raises(ResourceInUse, match="is being measured"):
            students.delete(session, student.id)
    estimate = builders.ESTIMATE
    measured = Measured(assembled=estimate, refitted=estimate, teacher=estimate, file=builders.FILE)
    builders.do_next_unit(ledger, lambda s: measurements.finish(s, posted.record.id, measured))
    with database.reading() as session:
        measurement = students.get(session, student.id).measurement
    assert measurement is not None
    assert measurement.state == "ready"
    assert (measurement.refitted, measurement.file) == (estimate, builders.FILE)


def test_a_student_is_measured_once(database: Database, student: StudentRecord) -> None:
    with database.writing() as session:
        first = measurements.post(session, student.id)
        second = measurements.post(session, student.id)
        with pytest.raises(UnknownResource):
            measurements.post(session, "student_0")
    assert (first.made, second.made) == (True, False)
    assert second.record == first.record
