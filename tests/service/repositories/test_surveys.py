from collections.abc import Sequence

from search.budget import Budget
from search.measured_trial import MeasuredTrial
from search.selection import Answer, Selection
from search.settings import SearchSettings
from service import settlement
from service.database import Database
from service.ledger import Ledger
from service.measured_search_settings import MeasuredSearchSettings
from service.records import Failure, SurveyRecord
from service.repositories import candidates, measurements, searches, students, surveys
from service.repositories.measurements import Measured
from service.repositories.pages import Page
from service.repositories.students import Wish
from service.shelves import Shelves
from service.survey_settings import SurveySettings
from tests.service.builders import COST, ESTIMATE, FILE, ready_library, score

MEASURED = Measured(assembled=ESTIMATE, refitted=ESTIMATE, teacher=ESTIMATE, file=FILE)
SETTINGS = SurveySettings()


def add_students(database: Database, library_id: str, sizes: Sequence[int]) -> list[str]:
    with database.writing() as session:
        items = candidates.listing(session, library_id, Page()).items
        choices = tuple(item.id for item in items if item.position == 0)
        made = []
        for size in sizes:
            wish = Wish(
                library_id=library_id,
                budget=Budget(parameters=size),
                strategy="exact",
                settings=SearchSettings(),
            )
            chosen = Selection(choices=choices, cost=COST, loss=0.5, predicted_accuracy=ESTIMATE)
            made.append(students.add(session, wish, Answer(selection=chosen), FILE).record.id)
        return made


def post(database: Database, library_id: str, student_ids: Sequence[str]) -> SurveyRecord:
    with database.writing() as session:
        return surveys.post(session, library_id, SETTINGS, student_ids).record


def seen(database: Database, survey_id: str) -> SurveyRecord:
    with database.reading() as session:
        return surveys.get(session, survey_id)


def measure_next(ledger: Ledger) -> None:
    unit = ledger.claim("worker")
    assert unit is not None
    ledger.complete(unit, lambda s: measurements.finish(s, unit.payload["measurement"], MEASURED))


def states(database: Database, student_ids: Sequence[str]) -> list[str]:
    with database.reading() as session:
        found = measurements.of_students(session, student_ids)
    return [found[each].state for each in student_ids]


def test_each_measurement_is_ready_before_the_others(database: Database, ledger: Ledger) -> None:
    library = ready_library(database, ledger)
    ids = add_students(database, library.id, [100, 200])
    survey = post(database, library.id, ids)
    assert survey.student_ids == tuple(ids)
    measure_next(ledger)
    assert sorted(states(database, ids)) == ["pending", "ready"]
    measure_next(ledger)
    assert seen(database, survey.id).state == "ready"


def test_a_student_that_cannot_be_measured_fails_the_rest_and_not_what_is_ready(
    database: Database, ledger: Ledger
) -> None:
    library = ready_library(database, ledger)
    ids = add_students(database, library.id, [100, 200, 300])
    survey = post(database, library.id, ids)
    measure_next(ledger)
    unit = ledger.claim("worker")
    assert unit is not None
    ledger.fail(unit, Failure(error="ArtifactMissing", detail="It is gone."), final=True)
    assert sorted(states(database, ids)) == ["failed", "failed", "ready"]
    assert seen(database, survey.id).state == "failed"
    again = post(database, library.id, [])
    assert (again.id, again.student_ids, again.state) == (survey.id, tuple(ids), "pending")
    assert sorted(states(database, ids)) == ["pending", "pending", "ready"]


def test_one_without_anything_to_measure_is_ready_at_once(
    database: Database, ledger: Ledger
) -> None:
    library = ready_library(database, ledger)
    ids = add_students(database, library.id, [100])
    with database.writing() as session:
        measurements.post(session, ids[0])
    measure_next(ledger)
    assert post(database, library.id, ids).state == "ready"


def test_a_shelf_is_loaded_anew_when_a_student_is_measured_or_goes(
    database: Database, ledger: Ledger
) -> None:
    library = ready_library(database, ledger)
    ids = add_students(database, library.id, [100, 200])
    shelves, counts = Shelves(), []
    post(database, library.id, ids)

    def count() -> None:
        with database.reading() as session:
            shelf = shelves.of(session, library.id)
            assert shelves.of(session, library.id) is shelf
            counts.append(len(shelf.problem.measured))

    count()
    measure_next(ledger)
    count()
    measure_next(ledger)
    count()
    with database.writing() as session:
        students.delete(session, ids[0])
    count()
    assert counts == [0, 1, 2, 1]


def test_a_search_keeps_trials_beyond_a_cancellation(database: Database, ledger: Ledger) -> None:
    library = ready_library(database, ledger)
    new = searches.NewSearch(
        library_id=library.id, budget=Budget(parameters=9), settings=MeasuredSearchSettings()
    )
    with database.writing() as session:
        search = searches.post(session, new).record
        searches.add_trial(
            session, search.id, MeasuredTrial(choices=("a",), loss=0.1, score=score())
        )
        settlement.cancel(session, search.job_id)
    with database.writing() as session:
        again = searches.post(session, new)
    assert (again.made, again.record.id, again.record.state) == (True, search.id, "pending")
    assert [trial.choices for trial in again.record.trials] == [("a",)]
