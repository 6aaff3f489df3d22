"""Files that nothing refers to go; those that anybody may yet need stay."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier, Thread

import pytest

from service import settlement
from service.collection import Collected, Collection, StoreForeign
from service.database import Database
from service.inspection import troubles
from service.repositories import datasets, references
from service.repositories.datasets import NewDataset
from tests.service.keeping import Keeping

HOUR = timedelta(hours=1)


class Later:
    """A clock ahead of the real one, by as much as is asked."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Yard:
    """A store and a database, of which files are made, named and forgotten."""

    def __init__(self, database: Database, keeping: Keeping) -> None:
        self.database, self.keeping, self.later = database, keeping, Later()
        store = keeping.artifacts.store
        self.collection = Collection(database, store, timedelta(hours=24), self.later)

    def collect(self, hours: float = 0, dry_run: bool = False) -> list[int]:
        """After so many hours: how many files were deleted, set aside, taken back, left waiting."""
        self.later.ahead += HOUR * hours
        return numbers(self.collection.collect(dry_run, even_all=True))

    def put(self, content: bytes) -> str:
        return self.keeping.artifacts.put(content).sha256

    def name(self, sha256: str) -> str:
        new = NewDataset(name="pets", digest=sha256, source_sha256=sha256)
        with self.database.writing() as session:
            return datasets.post(session, new).record.id

    def forget(self, dataset: str) -> None:
        with self.database.writing() as session:
            settlement.cancel(session, datasets.get(session, dataset).job_id)
        with self.database.writing() as session:
            datasets.delete(session, dataset)

    def has(self, *files: str) -> bool:
        """Whether all of them can be read by somebody who has no copies."""
        another = self.keeping.another()
        return all(another.read(sha256) for sha256 in files)


@pytest.fixture
def yard(database: Database, keeping: Keeping) -> Yard:
    return Yard(database, keeping)


def numbers(found: Collected) -> list[int]:
    heaps = (found.deleted, found.set_aside, found.taken_back, found.waiting)
    return [heap.num_files for heap in heaps]


def test_garbage_is_set_aside_and_deleted_a_grace_period_later(yard: Yard) -> None:
    kept, garbage = yard.put(b"kept"), yard.put(b"garbage")
    yard.name(kept)
    assert yard.collect(hours=25) == [0, 1, 0, 0]
    yard.later.ahead = timedelta()  # the store's own clock says when it was set aside
    assert yard.collect(hours=23) == [0, 0, 0, 1]
    assert yard.collect(hours=2) == [1, 0, 0, 0]
    assert yard.collect() == [0, 0, 0, 0]
    assert yard.has(kept)
    assert [name.rpartition("/")[2] for name in yard.keeping.names()] == [kept]
    assert garbage not in str(yard.keeping.names())


def test_what_is_young_stays_for_who_is_about_to_name_it(yard: Yard) -> None:
    young = yard.put(b"young")
    assert yard.collect(hours=23) == [0, 0, 0, 0]
    yard.name(young)
    assert yard.collect(hours=48) == [0, 0, 0, 0]
    assert yard.has(young)


def test_what_is_put_again_before_it_is_set_aside_and_named_after_is_not_lost(yard: Yard) -> None:
    old = yard.put(b"content")
    yard.later.ahead = 25 * HOUR
    assert yard.put(b"content") == old  # it is there: nothing is written
    assert yard.collect() == [0, 1, 0, 0]
    yard.name(old)
    assert yard.has(old)


def test_what_is_named_while_it_is_set_aside_is_taken_back_instead_of_deleted(yard: Yard) -> None:
    old = yard.put(b"content")
    assert yard.collect(hours=25) == [0, 1, 0, 0]
    yard.name(old)  # by somebody who put it just before, and whom nobody has read since
    assert yard.collect(hours=25) == [0, 0, 1, 0]
    assert yard.collect(hours=25) == [0, 0, 0, 0]
    assert yard.has(old)


def test_what_is_put_while_it_is_set_aside_outlives_the_end_of_its_older_self(yard: Yard) -> None:
    old = yard.put(b"content")
    assert yard.collect(hours=25) == [0, 1, 0, 0]
    assert yard.put(b"content") == old
    yard.keeping.artifacts.store.discard(old)
    yard.name(old)
    assert yard.has(old)


def test_what_is_forgotten_becomes_garbage(yard: Yard) -> None:
    first = yard.put(b"content")
    dataset = yard.name(first)
    assert yard.collect(hours=25) == [0, 0, 0, 0]
    yard.forget(dataset)
    assert yard.collect() == [0, 1, 0, 0]


def test_a_dry_run_says_the_same_and_changes_nothing(yard: Yard) -> None:
    yard.put(b"garbage")
    before = yard.keeping.names()
    assert yard.collect(hours=25, dry_run=True) == [0, 1, 0, 0]
    assert yard.collect(hours=25, dry_run=True) == [0, 1, 0, 0]
    assert yard.keeping.names() == before


def test_bytes_are_counted(yard: Yard) -> None:
    yard.put(b"garbage")
    yard.later.ahead = 25 * HOUR
    assert yard.collection.collect(even_all=True).set_aside.num_bytes == len(b"garbage")


def test_a_store_of_another_database_is_left_alone(yard: Yard) -> None:
    theirs = yard.put(b"theirs")
    yard.later.ahead = 25 * HOUR
    with pytest.raises(StoreForeign, match=r"the store has 1: it may well belong to another"):
        yard.collection.collect()
    assert yard.has(theirs)


def test_two_collections_at_once_do_no_harm(yard: Yard) -> None:
    kept = [yard.put(b"kept %d" % number) for number in range(5)]
    for sha256 in kept:
        yard.name(sha256)
    for number in range(20):
        yard.put(b"garbage %d" % number)
    yard.later.ahead = 25 * HOUR
    together([yard.collection.collect] * 3)
    yard.later.ahead = 50 * HOUR
    together([yard.collection.collect] * 3)
    assert len(yard.keeping.names()) == len(kept)
    assert yard.has(*kept)


def test_nobody_who_puts_names_and_reads_meets_a_collection(yard: Yard) -> None:
    """All files are old garbage when the round begins, and named by the time it ends."""
    contents = [b"%d" % number for number in range(12)]
    for each in contents:
        yard.put(each)
    for number in range(4):
        yard.later.ahead = 25 * HOUR
        named: list[str] = []

        def write(some: Sequence[bytes], named: list[str] = named) -> None:
            artifacts = yard.keeping.another()
            for content in some:
                sha256 = artifacts.put(content).sha256
                named.append(yard.name(sha256))
                assert artifacts.read(sha256) == content

        writers = [partial(write, contents[part::3]) for part in range(3)]
        together([partial(yard.collection.collect, even_all=True), *writers])
        assert yard.has(*(file_of(yard, dataset) for dataset in named))
        assert list(troubles(yard.database, yard.keeping.another())) == [], number
        for dataset in named:
            yard.forget(dataset)


def test_all_columns_that_name_files_are_known() -> None:
    assert {(table.name, column.name) for table, column in references.columns()} == {
        ("candidates", "weights_sha256"),
        ("datasets", "sha256"),
        ("datasets", "source_sha256"),
        ("libraries", "images_sha256"),
        ("libraries", "statistics_sha256"),
        ("measurements", "refitted_sha256"),
        ("students", "checkpoint_sha256"),
        ("teachers", "network_sha256"),
        ("teachers", "weights_sha256"),
    }


def test_what_is_missing_or_damaged_is_told_with_what_it_belongs_to(yard: Yard) -> None:
    files = [yard.put(content) for content in (b"whole", b"damaged", b"lost")]
    ids = [yard.name(sha256) for sha256 in files]
    yard.keeping.overwrite(files[1], b"damagEd")
    yard.keeping.lose(files[2])
    told = sorted(troubles(yard.database, yard.keeping.another()))
    assert len(told) == 2
    for sha256, dataset in zip(files[1:], ids[1:], strict=True):
        (sentence,) = (each for each in told if sha256 in each)
        assert f"It is: source_sha256 of '{dataset}' (datasets)." in sentence


def file_of(yard: Yard, dataset: str) -> str:
    with yard.database.reading() as session:
        sha256 = datasets.get(session, dataset).source_sha256
    assert sha256 is not None
    return sha256


def together(tasks: Sequence[Callable[[], object]]) -> None:
    """All at the same time; fails if one of them does."""
    barrier, errors = Barrier(len(tasks)), list[Exception]()

    def run(task: Callable[[], object]) -> None:
        barrier.wait()
        try:
            task()
        except Exception as exc:  # noqa: BLE001 - it is raised again below
            errors.append(exc)

    threads = [Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
