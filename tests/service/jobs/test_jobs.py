"""All kinds of unit, run for real on a tiny network: from an archive to a measured student."""

from collections.abc import Iterator

import pytest
import torch

from candidates.assembly import assemble
from candidates.checkpoint import Checkpoint
from candidates.recipe import Granularity
from search.budget import Budget
from search.selection import Answer, Selection
from search.settings import SearchSettings
from service.jobs import materials
from service.jobs.registry import Workplace
from service.records import LibraryRecord, StudentRecord
from service.repositories import (
    candidates,
    datasets,
    libraries,
    measurements,
    students,
    teachers,
)
from service.repositories.pages import Page
from tests.service import tiny
from tests.service.shop import Shop

NUM_BLOCKS = 9


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """With a ready library; the tests only add to it."""
    torch.set_num_threads(1)
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.post_library(*shop.prepare(), tiny.LIBRARY)
    shop.work()
    yield shop
    shop.database.close()


@pytest.fixture
def library(shop: Shop) -> LibraryRecord:
    with shop.database.reading() as session:
        return libraries.listing(session, Page()).items[-1]


def test_an_archive_becomes_a_dataset(shop: Shop, library: LibraryRecord) -> None:
    with shop.database.reading() as session:
        contents = datasets.get_ready(session, library.dataset_id).contents
    assert contents is not None
    assert (contents.classes, contents.shape) == (tiny.CLASSES, (1, 8, 8))
    assert (contents.num_calibration, contents.num_scoring, contents.num_reporting) == (60, 20, 20)


def test_images_are_read_where_their_uri_says(shop: Shop) -> None:
    folder = shop.folder / "my images"
    folder.mkdir()
    tiny.write_archive(folder / "noise 2.tar", num_images=50)
    uri = (folder / "noise 2.tar").as_uri()
    with shop.database.writing() as session:
        new = datasets.NewDataset(name="by uri", digest="0" * 64, source_uri=uri)
        dataset = datasets.post(session, new).record.id
    shop.work()
    with shop.database.reading() as session:
        contents = datasets.get_ready(session, dataset).contents
    assert contents is not None
    assert contents.num_calibration == 30


def test_a_teacher_is_checked_and_cut(shop: Shop, library: LibraryRecord) -> None:
    with shop.database.reading() as session:
        teacher = teachers.get_ready(session, library.teacher_id)
    assert teacher.split is not None
    assert teacher.cost is not None
    assert teacher.fixed_cost is not None
    assert len(teacher.split.neighbourhoods) == NUM_BLOCKS
    assert 0 < teacher.fixed_cost.parameters < teacher.cost.parameters


def test_a_library_holds_every_candidate(shop: Shop, library: LibraryRecord) -> None:
    with shop.database.reading() as session:
        items = candidates.listing(session, library.id, Page()).items
    assert library.state == "ready"
    assert library.teacher_accuracy is not None
    assert (library.progress.done, library.progress.total) == (2 * NUM_BLOCKS, 2 * NUM_BLOCKS)
    assert len(items) == 2 * NUM_BLOCKS
    for item in items:
        weights = Checkpoint.from_bytes(shop.artifacts.read(item.weights_sha256))
        assert weights.tensors


def test_neighbourhoods_share_what_they_are_made_from_until_other_work_needs_the_room(
    shop: Shop, library: LibraryRecord
) -> None:
    place = Workplace(shop.database, shop.artifacts)
    first = materials.for_candidates(place, library.id)
    assert materials.for_candidates(place, library.id) is first
    materials.of_library(place, library.id)
    assert materials.for_candidates(place, library.id) is not first


@pytest.mark.parametrize("granularity", ["pair", 3, ("layer3.2", "layer1.0")])
def test_a_library_is_cut_at_its_own_granularity(
    shop: Shop, library: LibraryRecord, granularity: Granularity
) -> None:
    recipe = tiny.LIBRARY.model_copy(update={"granularity": granularity})
    other = shop.library(shop.post_library(library.teacher_id, library.dataset_id, recipe))
    assert other.split is None
    shop.work()
    done = shop.library(other.id)
    assert done.state == "ready", done.error
    assert done.split is not None
    assert done.fixed_cost is not None
    with shop.database.reading() as session:
        items = candidates.listing(session, other.id, Page()).items
        teacher = teachers.get_ready(session, library.teacher_id)
        problem = candidates.problem(session, other.id)
    assert teacher.cost is not None
    whole = [item.candidate for item in items if item.candidate.knobs == {"multiplier": 1.0}]
    assert sum((each.cost for each in whole), done.fixed_cost) == teacher.cost
    assert problem.fixed == done.fixed_cost
    found = {item.candidate.neighbourhood for item in items}
    assert found == {part.name for part in done.split.neighbourhoods}
    assert not isinstance(granularity, tuple) or found == set(granularity)
    assert not isinstance(granularity, int) or len(found) == granularity


def test_a_library_made_of_known_candidates_keeps_their_weights(
    shop: Shop, library: LibraryRecord
) -> None:
    recipe = tiny.LIBRARY.model_copy(update={"scoring_images": 20})
    another = shop.post_library(library.teacher_id, library.dataset_id, recipe)
    shop.work()
    with shop.database.reading() as session:
        old = candidates.listing(session, library.id, Page()).items
        new = candidates.listing(session, another, Page()).items
    assert [item.identity for item in new] == [item.identity for item in old]
    assert [item.weights_sha256 for item in new] == [item.weights_sha256 for item in old]
    assert {item.candidate.score.num_images for item in new} == {20}


def test_a_lost_candidate_is_made_again(shop: Shop, library: LibraryRecord) -> None:
    with shop.database.reading() as session:
        lost = candidates.listing(session, library.id, Page()).items[0]
    shop.artifacts.locate(lost.weights_sha256).unlink()
    recipe = tiny.LIBRARY.model_copy(update={"scoring_images": 18})
    shop.post_library(library.teacher_id, library.dataset_id, recipe)
    shop.work()
    assert shop.artifacts.read(lost.weights_sha256)


def make_student(shop: Shop, library: LibraryRecord) -> StudentRecord:
    """Of the narrowest candidates."""
    with shop.database.reading() as session:
        teacher = teachers.get_ready(session, library.teacher_id)
        items = candidates.listing(session, library.id, Page()).items
    chosen = [item for item in items if item.position == 0]
    assert teacher.network is not None
    student = assemble(
        Checkpoint.from_bytes(shop.artifacts.read(teacher.network.sha256)),
        [Checkpoint.from_bytes(shop.artifacts.read(item.weights_sha256)) for item in chosen],
        {name: kept for item in chosen for name, kept in item.candidate.kept.items()},
        {},
    )
    wish = students.Wish(
        library_id=library.id,
        budget=Budget(parameters=200_000),
        strategy="exact",
        settings=SearchSettings(),
    )
    selection = Selection(
        choices=tuple(item.id for item in chosen),
        cost=chosen[0].candidate.cost,
        loss=0.0,
        predicted_accuracy=chosen[0].candidate.score.accuracy,
    )
    file = shop.artifacts.put(student.to_bytes())
    with shop.database.writing() as session:
        return students.add(session, wish, Answer(selection=selection), file).record


def test_a_student_is_measured_and_refitted(shop: Shop, library: LibraryRecord) -> None:
    student = make_student(shop, library)
    with shop.database.writing() as session:
        measurements.post(session, student.id)
    shop.work()
    with shop.database.reading() as session:
        measurement = students.get(session, student.id).measurement
    assert measurement is not None
    assert measurement.state == "ready"
    assert measurement.assembled is not None
    assert 0 <= measurement.assembled.value <= 100
    assert measurement.file is not None
    assert measurement.file.sha256 != student.file.sha256
    assert Checkpoint.from_bytes(shop.artifacts.read(measurement.file.sha256)).tensors


def test_an_archive_without_images_is_refused_with_a_sentence(shop: Shop) -> None:
    (shop.folder / "not.tar").write_bytes(b"no archive at all" * 100)
    dataset = shop.post_dataset(shop.store(shop.folder / "not.tar"))
    shop.work()
    with shop.database.reading() as session:
        record = datasets.get(session, dataset)
    assert record.state == "failed"
    assert record.error is not None
    assert record.error.error == "InvalidDataset"
    assert record.error.detail.startswith("archive is neither")
    assert shop.job(record.job_id).error == record.error


def test_weights_that_do_not_fit_their_recipe_are_refused(shop: Shop) -> None:
    weights = Checkpoint.read(shop.folder / "net.safetensors")
    fewer = {name: tensor for name, tensor in weights.tensors.items() if name != "fc.bias"}
    teacher = shop.post_teacher(shop.artifacts.put(Checkpoint(fewer).to_bytes()))
    shop.work()
    with shop.database.reading() as session:
        record = teachers.get(session, teacher)
    assert record.error is not None
    assert record.error.error == "InvalidCheckpoint"
    assert "'fc.bias' is missing" in record.error.detail


def test_a_damaged_file_fails_the_job_that_needs_it(shop: Shop, library: LibraryRecord) -> None:
    other = tiny.LIBRARY.model_copy(update={"seed": 5})
    with shop.database.reading() as session:
        dataset = datasets.get(session, library.dataset_id)
    assert dataset.sha256 is not None
    path = shop.artifacts.locate(dataset.sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"?")
    library_id = shop.post_library(library.teacher_id, library.dataset_id, other)
    shop.work()
    path.write_bytes(whole)
    error = shop.library(library_id).error
    assert error is not None
    assert error.error == "ArtifactDamaged"
