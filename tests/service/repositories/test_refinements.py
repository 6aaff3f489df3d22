"""Refinements, what they make, and which of it is better."""

import pytest

from candidates.candidate import Estimate
from candidates.refinement_settings import RefinementSettings
from search.budget import Budget
from search.selection import Answer, Selection
from search.settings import SearchSettings
from service.database import Database
from service.failures import ResourceInUse, UnknownResource
from service.ledger import Ledger
from service.records import Failure, StoredFile, StudentRecord
from service.repositories import candidates, measurements, refinements, students
from service.repositories.measurements import Measured
from service.repositories.pages import Page
from service.repositories.refinements import Refined
from service.repositories.students import Wish
from tests.service import builders

TEACHER = Estimate(value=91.0, standard_error=0.4)


@pytest.fixture
def student(database: Database, ledger: Ledger) -> StudentRecord:
    library = builders.ready_library(database, ledger)
    wish = Wish(
        library_id=library.id,
        budget=Budget(parameters=2500),
        strategy="exact",
        settings=SearchSettings(),
    )
    with database.writing() as session:
        items = candidates.listing(session, library.id, Page()).items
        selection = Selection(
            choices=tuple(item.id for item in items if item.position == 0),
            cost=builders.COST,
            loss=0.5,
            predicted_accuracy=builders.ESTIMATE,
        )
        answer = Answer(selection=selection, trials=())
        return students.add(session, wish, answer, builders.FILE).record


def percent(value: float, error: float = 0.5) -> Estimate:
    return Estimate(value=value, standard_error=error)


class Workshop:
    """Refines students as a worker would."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self.database, self.ledger = database, ledger
        self.number = 0

    def post(self, student_id: str, steps: int = 500) -> refinements.RefinementRecord:
        with self.database.writing() as session:
            settings = RefinementSettings(steps=steps)
            return refinements.post(session, student_id, settings).record

    def refine(self, student_id: str, before: Estimate, after: float, gain: Estimate) -> str:
        """Returns the new student's id."""
        self.number += 1
        record = self.post(student_id, steps=self.number)
        refined = Refined(
            file=StoredFile(sha256=builders.digest(record.id), size_bytes=7),
            before=before, after=percent(after), gain=gain, teacher=TEACHER,
        )  # fmt: skip
        builders.do_next_unit(
            self.ledger, lambda session: refinements.finish(session, record.id, refined)
        )
        with self.database.reading() as session:
            result = refinements.get(session, record.id)
        assert result.state == "ready"
        assert result.result_id is not None
        return result.result_id

    def measure(self, student_id: str, refitted: float) -> None:
        with self.database.writing() as session:
            record = measurements.post(session, student_id).record
        measured = Measured(
            assembled=percent(refitted - 5), refitted=percent(refitted), teacher=TEACHER,
            file=builders.FILE,
        )  # fmt: skip
        builders.do_next_unit(
            self.ledger, lambda session: measurements.finish(session, record.id, measured)
        )

    def student(self, student_id: str) -> StudentRecord:
        with self.database.reading() as session:
            return students.get(session, student_id)


@pytest.fixture
def shop(database: Database, ledger: Ledger) -> Workshop:
    return Workshop(database, ledger)


def test_equal_refinements_are_one(shop: Workshop, student: StudentRecord) -> None:
    first, second = shop.post(student.id), shop.post(student.id)
    assert (first.id, first.job_id, first.state) == (second.id, second.job_id, "pending")
    assert shop.post(student.id, steps=400).id != first.id


def test_an_unknown_student_is_not_refined(shop: Workshop) -> None:
    with pytest.raises(UnknownResource):
        shop.post("student_none")


def test_the_result_is_another_student_of_the_same_wish_already_measured(
    shop: Workshop, student: StudentRecord
) -> None:
    made = shop.student(shop.refine(student.id, percent(70), 74, percent(4, 1)))
    assert (made.parent_id, made.origin) == (student.id, "refinement")
    assert (made.selection, made.budget, made.library_id) == (
        student.selection, student.budget, student.library_id,
    )  # fmt: skip
    assert made.file != student.file
    assert made.measurement is not None
    assert (made.measurement.state, made.measurement.refitted) == ("ready", percent(74))
    assert made.measurement.file == made.file
    with shop.database.reading() as session:
        wish = Wish(
            library_id=student.library_id,
            budget=student.budget,
            strategy="exact",
            settings=student.settings,
        )
        found = students.find(session, wish)
    assert found is not None
    assert found.id == student.id


def test_a_significantly_better_one_is_offered_with_both_accuracies(
    shop: Workshop, student: StudentRecord
) -> None:
    made = shop.refine(student.id, percent(70), 74, percent(4, 1.9))
    better = shop.student(student.id).better
    assert better is not None
    assert (better.student_id, better.accuracy, better.own_accuracy, better.gain) == (
        made, percent(74), percent(70), percent(4, 1.9),
    )  # fmt: skip
    assert shop.student(made).better is None


@pytest.mark.parametrize("gain", [percent(4, 2), percent(0, 0), percent(-3, 1)])
def test_no_other_is_offered(shop: Workshop, student: StudentRecord, gain: Estimate) -> None:
    shop.refine(student.id, percent(70), 70 + gain.value, gain)
    assert shop.student(student.id).better is None


def test_of_several_that_are_better_the_most_accurate_is_offered(
    shop: Workshop, student: StudentRecord
) -> None:
    shop.refine(student.id, percent(70), 73, percent(3, 1))
    best = shop.refine(student.id, percent(70), 74, percent(4, 1))
    shop.refine(student.id, percent(70), 75, percent(5, 3))
    better = shop.student(student.id).better
    assert better is not None
    assert better.student_id == best


def test_what_was_measured_later_of_the_student_itself_must_be_beaten_too(
    shop: Workshop, student: StudentRecord
) -> None:
    made = shop.refine(student.id, percent(70), 74, percent(4, 1))
    shop.measure(student.id, refitted=73)
    assert shop.student(student.id).better is None
    again = shop.refine(made, percent(74), 75, percent(1, 0.2))
    better = shop.student(student.id).better
    assert better is not None
    assert (better.student_id, better.own_accuracy, better.gain.value) == (again, percent(73), 2)
    assert better.gain.standard_error == pytest.approx(0.5 * 2**0.5)


def test_a_refinement_of_a_refinement_is_offered_to_both_before_it(
    shop: Workshop, student: StudentRecord
) -> None:
    first = shop.refine(student.id, percent(70), 74, percent(4, 1))
    second = shop.refine(first, percent(74), 76, percent(2, 0.5))
    for each in (student.id, first):
        better = shop.student(each).better
        assert better is not None
        assert better.student_id == second


def test_a_student_that_is_refined_is_not_deleted(shop: Workshop, student: StudentRecord) -> None:
    record = shop.post(student.id)
    refusal = pytest.raises(ResourceInUse, match=f"being refined.*{record.job_id}")
    with shop.database.writing() as session, refusal:
        students.delete(session, student.id)


def test_students_are_deleted_from_the_youngest_on_and_can_be_made_again(
    shop: Workshop, student: StudentRecord
) -> None:
    made = shop.refine(student.id, percent(70), 74, percent(4, 1))
    with shop.database.writing() as session:
        with pytest.raises(ResourceInUse, match=f"parent of '{made}'"):
            students.delete(session, student.id)
        students.delete(session, made)
    assert shop.student(student.id).better is None
    assert shop.post(student.id, steps=1).state == "pending"


def test_a_refinement_that_failed_is_started_anew_by_the_same_request(
    shop: Workshop, student: StudentRecord
) -> None:
    first = shop.post(student.id)
    unit = shop.ledger.claim("worker")
    assert unit is not None
    shop.ledger.fail(unit, Failure(error="X", detail="y"), final=True)
    second = shop.post(student.id)
    assert (second.id, second.state) == (first.id, "pending")
    assert second.job_id != first.job_id
