"""What holds for everything that a job makes: posting, failing, deleting."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from candidates.recipe import LibraryRecipe
from service.database import Database
from service.failures import ResourceInUse, ResourceNotReady, UnknownResource
from service.ledger import Ledger
from service.records import DatasetRecord, Failure
from service.repositories import datasets, jobs, libraries, teachers
from service.repositories.pages import Page
from service.repositories.prepared import Posted
from service.settlement import cancel
from tests.service import builders

BROKEN = Failure(error="InvalidDataset", detail="It was broken.")


def post(database: Database) -> Posted[DatasetRecord]:
    with database.writing() as session:
        return datasets.post(session, builders.new_dataset())


def get(database: Database, dataset_id: str) -> DatasetRecord:
    with database.reading() as session:
        return datasets.get(session, dataset_id)


def fail_next_unit(ledger: Ledger) -> None:
    unit = ledger.claim("worker")
    assert unit is not None
    ledger.fail(unit, BROKEN, final=True)


def test_a_resource_comes_with_a_queued_job(database: Database) -> None:
    posted = post(database)
    assert posted.made
    assert posted.record.state == "pending"
    with database.reading() as session:
        job = jobs.get(session, posted.record.job_id)
    assert (job.kind, job.resource_id, job.state) == ("dataset", posted.record.id, "queued")
    assert job.units == {"queued": 1}


def test_the_same_content_posted_again_is_the_same_resource(database: Database) -> None:
    first, second = post(database), post(database)
    assert (first.made, second.made) == (True, False)
    assert second.record == first.record
    with database.reading() as session:
        assert len(jobs.listing(session, Page()).items) == 1


def test_the_same_content_posted_at_the_same_moment_is_made_once(database: Database) -> None:
    together = Barrier(4)

    def race(_: int) -> Posted[DatasetRecord]:
        together.wait(10)
        return post(database)

    with ThreadPoolExecutor(4) as pool:
        posted = list(pool.map(race, range(4)))
    assert len({one.record.id for one in posted}) == 1
    assert sum(one.made for one in posted) == 1
    with database.reading() as session:
        assert len(jobs.listing(session, Page()).items) == 1


def test_it_is_ready_when_its_job_has_succeeded(database: Database, ledger: Ledger) -> None:
    record = builders.ready_dataset(database, ledger)
    assert (record.state, record.error) == ("ready", None)
    assert (record.sha256, record.contents) == (builders.FILE.sha256, builders.CONTENTS)


def test_it_is_failed_with_the_error_of_its_job(database: Database, ledger: Ledger) -> None:
    dataset_id = post(database).record.id
    fail_next_unit(ledger)
    record = get(database, dataset_id)
    assert (record.state, record.error) == ("failed", BROKEN)


def test_a_failed_one_posted_again_starts_anew(database: Database, ledger: Ledger) -> None:
    first = post(database).record
    fail_next_unit(ledger)
    again = post(database)
    assert again.made
    assert (again.record.id, again.record.state, again.record.error) == (first.id, "pending", None)
    assert again.record.job_id != first.job_id
    builders.do_next_unit(ledger)
    assert get(database, first.id).state == "ready"


def test_the_end_of_an_older_job_does_not_touch_what_a_newer_job_makes(
    database: Database, ledger: Ledger
) -> None:
    first = post(database).record
    fail_next_unit(ledger)
    again = post(database).record
    with database.reading() as session:
        assert jobs.get(session, first.job_id).state == "failed"
        assert jobs.get(session, again.job_id).state == "queued"
    assert get(database, first.id).state == "pending"


def test_a_cancelled_one_is_failed_and_may_be_posted_again(database: Database) -> None:
    record = post(database).record
    with database.writing() as session:
        cancel(session, record.job_id)
    error = get(database, record.id).error
    assert error is not None
    assert error.error == "WorkCancelled"
    assert post(database).made


def test_an_unknown_id_is_named(database: Database) -> None:
    with database.reading() as session:
        for get_one in (datasets.get, teachers.get, libraries.get, jobs.get):
            with pytest.raises(UnknownResource, match="'thing_1'"):
                get_one(session, "thing_1")


def test_what_is_still_being_made_is_not_deleted(database: Database) -> None:
    record = post(database).record
    with database.writing() as session, pytest.raises(ResourceInUse, match=record.job_id):
        datasets.delete(session, record.id)


def test_what_nothing_refers_to_is_deleted(database: Database, ledger: Ledger) -> None:
    dataset_id = builders.ready_dataset(database, ledger).id
    with database.writing() as session:
        datasets.delete(session, dataset_id)
    with database.writing() as session, pytest.raises(UnknownResource):
        datasets.delete(session, dataset_id)


def test_what_a_library_refers_to_is_not_deleted(database: Database, ledger: Ledger) -> None:
    library = builders.ready_library(database, ledger)
    with database.writing() as session:
        with pytest.raises(ResourceInUse, match="libraries that refer to it: 1"):
            teachers.delete(session, library.teacher_id)
        with pytest.raises(ResourceInUse):
            datasets.delete(session, library.dataset_id)
        libraries.delete(session, library.id)
        teachers.delete(session, library.teacher_id)
        datasets.delete(session, library.dataset_id)


def test_a_library_needs_a_teacher_and_a_dataset_that_are_ready(
    database: Database, ledger: Ledger
) -> None:
    teacher = builders.ready_teacher(database, ledger)
    dataset = post(database).record
    new = libraries.NewLibrary(teacher_id=teacher.id, dataset_id=dataset.id, recipe=LibraryRecipe())
    with (
        database.writing() as session,
        pytest.raises(ResourceNotReady, match=r"is pending, not ready. Wait for its job"),
    ):
        libraries.post(session, new)
