"""Collection: deletes what the database does not refer to, without a lock that writers wait for.

Who makes a file puts it first and commits the row that names it later, within the grace period.
So a file without a reference may be garbage, or about to be named. It is therefore set aside, where
every reader still finds it and takes it back; only what nothing has named for another whole grace
period is deleted. Neither writers nor a second collection can get in the way of this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from candidates.errors import StudentSearchError
from candidates.value import Value
from service.database import Database
from service.repositories import references
from service.stores.store import Entry, Store

GRACE = timedelta(hours=24)


class StoreForeign(StudentSearchError):
    """Files were to be deleted of a store of which a database refers to none."""

    def __init__(self, num_files: int) -> None:
        super().__init__(
            f"The database refers to no file at all, and the store has {num_files}: it may well "
            "belong to another database. Check STUDENT_SEARCH_DATABASE_URL, STUDENT_SEARCH_STORE "
            "and STUDENT_SEARCH_DATA_DIR; with --even-all all files are set aside nevertheless."
        )


class Heap(Value):
    """Some files."""

    num_files: int
    num_bytes: int


class Collected(Value):
    """What became, or in a dry run would become, of the files of a store."""

    deleted: Heap
    set_aside: Heap
    taken_back: Heap
    waiting: Heap
    """Those set aside earlier whose grace period is not over."""


@dataclass(frozen=True)
class Collection:
    """Of one store and the only database that refers to it."""

    database: Database
    store: Store
    grace: timedelta = GRACE
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def collect(self, dry_run: bool = False, even_all: bool = False) -> Collected:
        """Raises StoreForeign where nothing at all is referred to, unless `even_all`; StoreFull,
        StoreUnavailable.
        """
        until = self.clock() - self.grace
        aside = list(self.store.entries(aside=True))
        old = [entry for entry in self.store.entries() if entry.since < until]
        with self.database.reading() as session:  # after the lists: what is named since is young
            wanted = references.all_of(session)
        if not wanted and old and not even_all:
            raise StoreForeign(len(old))
        back = [entry for entry in aside if entry.sha256 in wanted]
        rest = [entry for entry in aside if entry.sha256 not in wanted]
        over = [entry for entry in rest if entry.since < until]
        garbage = [entry for entry in old if entry.sha256 not in wanted]
        if not dry_run:
            self._move(back, over, garbage)
        waiting = [entry for entry in rest if entry.since >= until]
        return Collected(
            deleted=_heap(over),
            set_aside=_heap(garbage),
            taken_back=_heap(back),
            waiting=_heap(waiting),
        )

    def _move(self, back: Sequence[Entry], over: Sequence[Entry], garbage: Sequence[Entry]) -> None:
        for entry in back:
            self.store.take_back(entry.sha256)
        for entry in over:
            self.store.discard(entry.sha256)
        for entry in garbage:
            self.store.set_aside(entry.sha256)


def _heap(entries: Sequence[Entry]) -> Heap:
    return Heap(num_files=len(entries), num_bytes=sum(entry.size_bytes for entry in entries))
