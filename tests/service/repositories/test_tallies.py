"""What is counted by many processes adds up."""

from concurrent.futures import ThreadPoolExecutor

from service.database import Database
from service.ledger import Ledger
from service.repositories import census, tallies
from tests.service import builders
from tests.service.conftest import Clock


def test_tallies_of_several_at_once_add_up(database: Database) -> None:
    def count(name: str) -> None:
        with database.writing() as session:
            tallies.add(session, name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, ["a"] * 30 + ["b"] * 10))
    with database.reading() as session:
        assert tallies.totals(session) == {"a": 30, "b": 10}


def test_what_never_happened_is_not_there(database: Database) -> None:
    with database.reading() as session:
        assert tallies.totals(session) == {}


def test_claims_and_leases_that_ran_out_are_counted(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    with database.writing() as session:
        builders.datasets.post(session, builders.new_dataset())
    assert ledger.claim("first") is not None
    clock.watch(ledger.sweep, 31)
    assert ledger.claim("second") is not None
    ledger.release("second")
    with database.reading() as session:
        assert tallies.totals(session) == {"claims": 2, "lease_expiries": 1}


def test_a_census_counts_every_state(database: Database, ledger: Ledger) -> None:
    builders.ready_teacher(database, ledger)
    with database.writing() as session:
        builders.datasets.post(session, builders.new_dataset())
    with database.reading() as session:
        found = census.take(session)
    rest = {"running": 0, "failed": 0, "cancelled": 0}
    assert found.units == found.jobs == {"queued": 1, "succeeded": 1, **rest}
    assert found.students == 0
