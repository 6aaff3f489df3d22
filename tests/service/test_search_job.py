"""Measured searches, run for real on a tiny network: to the end, through kills, cancelled."""

from collections.abc import Iterator, Sequence

import pytest
import torch

from candidates.candidate import Estimate, Score
from candidates.checkpoint import Checkpoint
from candidates.progress import silent
from candidates.tryout import Tryout
from search.budget import Budget
from search.measured_search import measured_trials
from search.measured_trial import MeasuredTrial, best_of
from search.problem import Choice
from service import settlement
from service.database import Session
from service.jobs import materials
from service.jobs.registry import Workplace
from service.measured_search_settings import MeasuredSearchSettings
from service.records import SearchRecord
from service.repositories import libraries, measurements, searches, students, trials
from service.repositories.pages import Page
from service.repositories.searches import NewSearch
from service.searcher import Searcher
from service.shelves import Shelves
from service.student_files import StudentFiles
from service.worker import work_once
from tests.service import tiny
from tests.service.shop import Shop
from tests.service.test_survival import kill_running_worker, serving
from tests.service.waiting import wait_until

LIBRARY = tiny.LIBRARY.model_copy(
    update={"granularity": 3, "kinds": {"width": {"multiplier": (0.25, 0.5, 0.75)}}}
)
BUDGET = Budget(parameters="80%")
NUM_TRIALS = 7
PATIENCE = 300
Measured = list[tuple[tuple[str, ...], Score]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """With one library, which is ready; every test searches it with a seed of its own."""
    torch.set_num_threads(1)
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.post_library(*shop.prepare(), LIBRARY)
    shop.work()
    yield shop
    shop.database.close()


def library_id(shop: Shop) -> str:
    with shop.database.reading() as session:
        return libraries.listing(session, Page()).items[0].id


def post(shop: Shop, seed: int) -> SearchRecord:
    new = NewSearch(
        library_id=library_id(shop),
        budget=BUDGET,
        settings=MeasuredSearchSettings(trials=NUM_TRIALS, seed=seed),
    )
    return Searcher(shop.database, Shelves()).post(new).record


def seen(shop: Shop, search_id: str) -> SearchRecord:
    with shop.database.reading() as session:
        return searches.get(session, search_id)


def measured(trials: Sequence[MeasuredTrial]) -> Measured:
    return [(each.choices, each.score) for each in trials]


def uninterrupted(shop: Shop, seed: int) -> Measured:
    """What a search that nobody disturbs finds."""
    place = Workplace(shop.database, shop.artifacts)
    library, teacher, dataset = materials.of_library(place, library_id(shop))
    tryout = Tryout(teacher, dataset, library.recipe, 0)
    files = StudentFiles(shop.artifacts)
    with shop.database.reading() as session:
        shelf = Shelves().of(session, library.id)

    def objective(picks: Sequence[Choice]) -> Score:
        with shop.database.reading() as session:
            chosen = shelf.chosen(session, [pick.id for pick in picks])
        return tryout.score(files.assembled(shelf.teacher, chosen, {}), silent)

    settings = MeasuredSearchSettings(trials=NUM_TRIALS, seed=seed).of_search
    return measured(
        list(measured_trials(shelf.problem, shelf.absolute(BUDGET), settings, objective))
    )


def test_it_ends_in_the_student_that_measured_best(shop: Shop) -> None:
    search = post(shop, seed=0)
    shop.work()
    done = seen(shop, search.id)
    assert (done.state, len(done.trials)) == ("ready", NUM_TRIALS)
    assert measured(done.trials) == uninterrupted(shop, seed=0)
    assert {trial.score.num_images for trial in done.trials} == {16}
    assert done.student_id is not None
    with shop.database.reading() as session:
        student = students.get(session, done.student_id)
        kept = trials.listing(session, student.id, Page()).items
        limit = Shelves().of(session, student.library_id).absolute(BUDGET).parameters
    assert student.selection.choices == best_of(done.trials).choices
    assert student.selection.cost.parameters <= limit
    assert (student.search_id, student.strategy) == (search.id, "optuna")
    assert [each.choices for each in kept] == [each.choices for each in done.trials]
    file = Checkpoint.from_bytes(shop.artifacts.read(student.file.sha256))
    assert '"objective":"measured"' in file.metadata["student_search"]


def test_its_student_teaches_predictions_once_it_is_measured_on_the_reporting_images(
    shop: Shop,
) -> None:
    student_id = search_to_the_end(shop)
    with shop.database.reading() as session:
        assert Shelves().of(session, library_id(shop)).problem.measured == ()
    with shop.database.writing() as session:
        measurements.post(session, student_id)
    shop.work()
    with shop.database.reading() as session:
        (taught,) = Shelves().of(session, library_id(shop)).problem.measured
        assert taught.choices == students.get(session, student_id).selection.choices


def told(trials: Measured) -> list[tuple[tuple[str, ...], Estimate]]:
    """What the sampler is told; other numbers of threads round divergences otherwise."""
    return [(choices, score.accuracy_drop) for choices, score in trials]


def search_to_the_end(shop: Shop) -> str:
    search = post(shop, seed=1)
    shop.work()
    student_id = seen(shop, search.id).student_id
    assert student_id is not None
    return student_id


@pytest.mark.slow
def test_a_kill_costs_one_trial_and_changes_nothing(shop: Shop) -> None:
    expected = uninterrupted(shop, seed=2)
    search = post(shop, seed=2)
    with serving(shop.settings):
        wait_until(lambda: len(seen(shop, search.id).trials) >= 3, PATIENCE)
        before = seen(shop, search.id).trials
        wait_until(lambda: kill_running_worker(shop))
        assert len(before) < NUM_TRIALS, "It was done before it could be disturbed."
        assert seen(shop, search.id).trials[: len(before)] == before
        wait_until(lambda: seen(shop, search.id).state != "pending", PATIENCE)
    done = seen(shop, search.id)
    assert done.state == "ready"
    assert told(measured(done.trials)) == told(expected)
    assert done.student_id is not None


def test_a_cancelled_one_keeps_its_best_student_and_goes_on_when_posted_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = post(shop, seed=3)
    add_trial = searches.add_trial

    def cancel_after_three(session: Session, search_id: str, trial: MeasuredTrial) -> None:
        add_trial(session, search_id, trial)
        if len(searches.get(session, search_id).trials) == 3:
            settlement.cancel(session, search.job_id)

    monkeypatch.setattr(searches, "add_trial", cancel_after_three)
    work_until_told(shop)
    stopped = seen(shop, search.id)
    assert (shop.job(search.job_id).state, stopped.state) == ("cancelled", "failed")
    assert 3 <= len(stopped.trials) < NUM_TRIALS
    with shop.database.reading() as session:
        student = students.get(session, str(stopped.student_id))
    assert student.selection.choices == best_of(stopped.trials).choices
    monkeypatch.undo()
    again = post(shop, seed=3)
    assert (again.id, again.state, again.trials) == (search.id, "pending", stopped.trials)
    shop.work()
    assert measured(seen(shop, search.id).trials) == uninterrupted(shop, seed=3)


def work_until_told(shop: Shop) -> None:
    """One unit, whose worker looks up often."""
    place = Workplace(shop.database, shop.artifacts)
    often = shop.settings.model_copy(update={"lease_seconds": 0.3})
    work_once(shop.ledger, place, often, "worker")
