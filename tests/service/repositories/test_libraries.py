"""Libraries: their units, their progress, and starting anew."""

from candidates.recipe import LibraryRecipe
from service.database import Database
from service.ledger import Ledger
from service.records import Failure, LibraryRecord, Progress
from service.repositories import candidates, jobs, libraries
from service.repositories.pages import Page
from tests.service import builders
from tests.service.builders import NUM_NEIGHBOURHOODS

BROKEN = Failure(error="UnexpectedError", detail="It broke.")


def new_of(library: LibraryRecord) -> libraries.NewLibrary:
    return libraries.NewLibrary(
        teacher_id=library.teacher_id, dataset_id=library.dataset_id, recipe=library.recipe
    )


def get(database: Database, library_id: str) -> LibraryRecord:
    with database.reading() as session:
        return libraries.get(session, library_id)


def test_a_library_is_one_unit_of_statistics_then_one_a_neighbourhood(
    database: Database, ledger: Ledger
) -> None:
    library = builders.pending_library(database, ledger)
    first = ledger.claim("worker")
    assert first is not None
    assert (first.kind, first.payload) == ("statistics", {"library": library.id})
    assert ledger.claim("worker") is None
    ledger.complete(first, lambda session: None)
    rest = [ledger.claim("worker") for _ in range(NUM_NEIGHBOURHOODS)]
    assert {unit.kind for unit in rest if unit} == {"neighbourhood"}
    assert sorted(unit.payload["index"] for unit in rest if unit) == [0, 1, 2]
    assert ledger.claim("worker") is None


def test_progress_counts_candidates(database: Database, ledger: Ledger) -> None:
    library = builders.pending_library(database, ledger)
    assert library.progress == Progress(done=0, total=2 * NUM_NEIGHBOURHOODS)
    builders.do_next_unit(ledger)
    assert get(database, library.id).progress.done == 0
    unit = ledger.claim("worker")
    assert unit is not None
    ledger.heartbeat(unit, Progress(done=1, total=2))
    assert get(database, library.id).progress == Progress(done=1, total=2 * NUM_NEIGHBOURHOODS)


def test_progress_ends_at_the_number_of_candidates_that_were_made(
    database: Database, ledger: Ledger
) -> None:
    recipe = LibraryRecipe(kinds={"width": {"multiplier": (0.1, 0.2, 0.3)}})
    library = builders.pending_library(database, ledger, recipe)
    assert library.progress.total == 4 * NUM_NEIGHBOURHOODS
    builders.do_next_unit(ledger)
    while (unit := ledger.claim("worker")) is not None:
        ledger.complete(unit, lambda session: None, Progress(done=3, total=3))
    assert get(database, library.id).progress == Progress(done=9, total=9)


def test_the_teachers_accuracy_is_known_after_the_statistics(
    database: Database, ledger: Ledger
) -> None:
    library = builders.ready_library(database, ledger)
    assert library.teacher_accuracy == builders.ESTIMATE
    assert library.statistics_sha256 == builders.FILE.sha256


def test_the_same_recipe_posted_again_is_the_same_library(
    database: Database, ledger: Ledger
) -> None:
    library = builders.ready_library(database, ledger)
    with database.writing() as session:
        posted = libraries.post(session, new_of(library))
        other = new_of(library).model_copy(update={"recipe": LibraryRecipe(seed=1)})
        another = libraries.post(session, other)
    assert not posted.made
    assert posted.record == library
    assert another.made


def test_a_failed_library_starts_anew_without_repeating_finished_neighbourhoods(
    database: Database, ledger: Ledger
) -> None:
    library = builders.pending_library(database, ledger)
    builders.do_next_unit(ledger)
    done, broken = ledger.claim("worker"), ledger.claim("worker")
    assert done is not None
    assert broken is not None
    index = done.payload["index"]
    made = [builders.new_candidate(index, 0.5)]
    ledger.complete(done, lambda s: candidates.add_all(s, library.id, index, made))
    ledger.fail(broken, BROKEN, final=True)
    with database.writing() as session:
        posted = libraries.post(session, new_of(library))
        job = jobs.get(session, posted.record.job_id)
    assert posted.made
    assert posted.record.id == library.id
    assert job.units == {"queued": 1 + NUM_NEIGHBOURHOODS - 1}


def test_the_units_of_another_granularity_join_the_job_once_they_are_known(
    database: Database, ledger: Ledger
) -> None:
    recipe = LibraryRecipe(kinds={"width": {"multiplier": (0.5,)}}, granularity="pair")
    library = builders.pending_library(database, ledger, recipe)
    assert (library.split, library.fixed_cost) == (None, None)
    builders.finish_library(ledger, library.id)
    done = get(database, library.id)
    assert (done.state, done.split, done.fixed_cost) == ("ready", builders.split(), builders.COST)
    assert done.progress.total == 2 * NUM_NEIGHBOURHOODS
    with database.reading() as session:
        assert candidates.problem(session, library.id).fixed == builders.COST


def test_a_library_that_failed_before_it_was_cut_starts_anew(
    database: Database, ledger: Ledger
) -> None:
    recipe = LibraryRecipe(kinds={"width": {"multiplier": (0.5,)}}, granularity=("layer1",))
    library = builders.pending_library(database, ledger, recipe)
    unit = ledger.claim("worker")
    assert unit is not None
    ledger.fail(unit, BROKEN, final=True)
    with database.writing() as session:
        assert libraries.post(session, new_of(library)).made
    builders.finish_library(ledger, library.id)
    assert get(database, library.id).state == "ready"


def test_one_that_failed_after_it_was_cut_knows_its_neighbourhoods(
    database: Database, ledger: Ledger
) -> None:
    recipe = LibraryRecipe(kinds={"width": {"multiplier": (0.5,)}}, granularity=2)
    library = builders.pending_library(database, ledger, recipe)
    builders.do_next_unit(
        ledger, lambda s: libraries.note_statistics(s, library.id, builders.gathered())
    )
    unit = ledger.claim("worker")
    assert unit is not None
    ledger.fail(unit, BROKEN, final=True)
    with database.writing() as session:
        posted = libraries.post(session, new_of(library))
        assert jobs.get(session, posted.record.job_id).units == {"queued": 1 + NUM_NEIGHBOURHOODS}
    builders.finish_library(ledger, library.id)
    assert get(database, library.id).progress.total == 2 * NUM_NEIGHBOURHOODS


def test_deleting_a_library_deletes_its_candidates(database: Database, ledger: Ledger) -> None:
    library = builders.ready_library(database, ledger)
    with database.writing() as session:
        libraries.delete(session, library.id)
        assert candidates.listing(session, library.id, Page()).items == ()


def test_libraries_are_listed_by_teacher(database: Database, ledger: Ledger) -> None:
    library = builders.ready_library(database, ledger)
    with database.reading() as session:
        mine = libraries.listing(session, Page(), teacher_id=library.teacher_id)
        others = libraries.listing(session, Page(), teacher_id="teacher_0")
    assert mine.items == (library,)
    assert others.items == ()
