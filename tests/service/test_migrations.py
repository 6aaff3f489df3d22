"""What becomes of rows when the tables change."""

import json
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import inspect, text

from candidates.candidate import Estimate, identity
from search.budget import Budget
from search.settings import SearchSettings
from service.bodies.students import StudentBody, StudentContext
from service.database import Database, alembic_config
from service.errors import problem_of_failure
from service.failures import ResourceNotReady
from service.ledger import Ledger
from service.repositories import candidates, datasets, libraries, students, teachers
from service.repositories.students import Wish
from service.settings import Settings
from service.shelves import Shelves
from service.tables import StudentRow
from tests.service import builders, old_rows


@pytest.fixture
def old(empty_url: str) -> Iterator[Database]:
    """Of revision 0001, with a library and a student."""
    database = Database(empty_url)
    with database.migrating() as connection:
        command.upgrade(alembic_config(connection), "0001")
        old_rows.insert(connection)
    yield database
    database.close()


def test_an_old_teacher_asks_to_be_posted_again_and_then_starts_anew(
    old: Database, settings: Settings
) -> None:
    old.migrate()
    with old.writing() as session:
        record = teachers.get(session, "teacher_1")
        assert (record.state, record.split, record.network) == ("failed", None, None)
        again = teachers.post(session, old_rows.TEACHER)
    problem = problem_of_failure(record.error)
    assert problem is not None
    assert (problem.type, problem.detail[-14:]) == ("/problems/outdated", "Post it again.")
    assert (again.record.id, again.made) == ("teacher_1", True)
    ready = builders.ready_teacher(old, Ledger(old, settings))
    assert (ready.id, ready.network) == ("teacher_1", builders.FILE)


def test_an_old_library_makes_nothing_any_more_and_the_same_again_is_another(
    old: Database, settings: Settings
) -> None:
    old.migrate()
    ledger = Ledger(old, settings)
    with old.writing() as session:
        assert libraries.get(session, "library_1").state == "failed"
        with pytest.raises(ResourceNotReady):
            _ = Shelves().of(session, "library_1").problem
        teachers.post(session, old_rows.TEACHER)
    teacher = builders.ready_teacher(old, ledger)
    with old.reading() as session:
        recipe = libraries.get(session, "library_1").recipe
        dataset = datasets.get_ready(session, "dataset_1")
    new = libraries.NewLibrary(teacher_id=teacher.id, dataset_id=dataset.id, recipe=recipe)
    with old.writing() as session:
        made = libraries.post(session, new)
    assert made.made
    assert made.record.id != "library_1"
    assert made.record.split == builders.split()


def test_an_old_student_is_shown_as_before(old: Database) -> None:
    old.migrate()
    with old.reading() as session:
        record = students.get(session, "student_1")
        shelf = Shelves().of(session, record.library_id)
        context = StudentContext.of(shelf.teacher, shelf.chosen(session, ["candidate_1"]))
    shown = StudentBody.of(record, context)
    assert shown.answer is None
    assert shown.selection[0].candidate == "candidate_1"
    assert shown.checkpoint.sha256 == "c" * 64


def test_an_old_candidate_keeps_its_scores_and_its_agreement_is_unknown(old: Database) -> None:
    old.migrate()
    with old.reading() as session:
        (record,) = candidates.chosen(session, ["candidate_1"])
    score = record.candidate.score
    assert (score.kl, score.agreement) == (Estimate(value=0.5, standard_error=0.1), None)


def test_going_back_before_the_agreement_keeps_the_candidates(old: Database) -> None:
    old.migrate()
    with old.migrating() as connection:
        command.downgrade(alembic_config(connection), "0002")
    with old.reading() as session:
        assert session.scalar(text("SELECT kl FROM candidates")) == 0.5
        columns = {column["name"] for column in inspect(old.engine).get_columns("candidates")}
    assert not columns & {"agreement", "agreement_se"}


def test_going_back_keeps_the_rows_and_fails_what_the_old_code_cannot_read(old: Database) -> None:
    old.migrate()
    with old.migrating() as connection:
        command.downgrade(alembic_config(connection), "0001")
    with old.reading() as session:
        states = {
            name: session.scalar(text(f"SELECT state FROM {name}"))
            for name in ("teachers", "libraries", "datasets")
        }
        assert states == {"teachers": "failed", "libraries": "failed", "datasets": "ready"}
        assert session.scalar(text("SELECT count(*) FROM candidates")) == 1
        assert session.scalar(text("SELECT count(*) FROM students")) == 1
    old.migrate()
    with old.reading() as session:
        assert len(candidates.chosen(session, ["candidate_1"])) == 1


def test_an_old_student_was_selected_and_keeps_its_measurement(old: Database) -> None:
    columns = "id, created_at, student_id, state, job_id"
    measured = (
        f"INSERT INTO measurements ({columns}) VALUES ('m', :now, 'student_1', 'ready', 'job_1')"
    )
    with old.writing() as session:
        session.execute(text(measured), {"now": str(old_rows.NOW)})
    old.migrate()
    with old.migrating() as connection:
        origin = connection.scalar(text("SELECT origin FROM students WHERE parent_id IS NULL"))
        assert origin == "selection"
        command.downgrade(alembic_config(connection), "0006")
        assert connection.scalar(text("SELECT count(*) FROM measurements")) == 1


def test_going_back_before_refinements_forgets_what_they_made(old: Database) -> None:
    old.migrate()
    with old.writing() as session:
        row = session.get_one(StudentRow, "student_1")
        values = {column.name: getattr(row, column.name) for column in StudentRow.__table__.columns}
        values |= {"id": "student_2", "digest": "b", "origin": "refinement"}
        session.add(StudentRow(**{**values, "parent_id": "student_1"}))
    with old.migrating() as connection:
        command.downgrade(alembic_config(connection), "0006")
        assert connection.scalars(text("SELECT id FROM students")).all() == ["student_1"]


def test_a_student_of_the_papers_rule_is_found_by_the_rules_new_name(old: Database) -> None:
    budget, settings = Budget(parameters=900), SearchSettings()
    wish = Wish(
        library_id="library_1", budget=budget, strategy="greedy", settings=settings
    ).model_dump(mode="json")
    with old.writing() as session:
        change = text("UPDATE students SET strategy = 'greedy', settings = :settings, digest = :is")
        written = json.dumps(settings.model_dump(mode="json"))
        session.execute(change, {"settings": written, "is": identity(**wish)})
    old.migrate()
    with old.reading() as session:
        assert students.find(session, Wish.model_validate(wish)) is None
        found = students.find(session, Wish.model_validate(wish | {"strategy": "threshold"}))
    assert found is not None
    assert (found.id, found.strategy) == ("student_1", "threshold")
    with old.migrating() as connection:
        command.downgrade(alembic_config(connection), "0009")
        digest = connection.scalar(text("SELECT digest FROM students WHERE strategy = 'greedy'"))
    assert digest == identity(**wish)
