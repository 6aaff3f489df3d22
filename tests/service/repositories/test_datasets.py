"""Lists of data sets, and with them every list that is newest first."""

import pytest
from sqlalchemy.orm import Session

from service.database import Database
from service.failures import InvalidCursor
from service.ledger import Ledger
from service.repositories import datasets
from service.repositories.pages import Page
from tests.service import builders


def post(session: Session, *names: str) -> None:
    for name in names:
        datasets.post(session, builders.new_dataset(name))


def all_names(session: Session, limit: int) -> list[str]:
    names, page = [], Page(limit=limit)
    while True:
        listing = datasets.listing(session, page)
        assert len(listing.items) <= limit
        names += [record.name for record in listing.items]
        if listing.next is None:
            return names
        page = Page(limit=limit, cursor=listing.next)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_pages_show_everything_once(database: Database, limit: int) -> None:
    with database.writing() as session:
        post(session, *"abcde")
    with database.reading() as session:
        assert sorted(all_names(session, limit)) == list("abcde")


def test_something_new_does_not_shift_the_pages_that_follow(database: Database) -> None:
    with database.writing() as session:
        post(session, *"abcd")
        first = datasets.listing(session, Page(limit=2))
        post(session, "new")
        second = datasets.listing(session, Page(limit=2, cursor=first.next))
    names = [record.name for record in (*first.items, *second.items)]
    assert sorted(names) == list("abcd")
    assert second.next is None


def test_a_filter_shows_one_state_only(database: Database, ledger: Ledger) -> None:
    ready = builders.ready_dataset(database, ledger)
    with database.writing() as session:
        post(session, "another")
        assert datasets.listing(session, Page(), state="ready").items == (ready,)
        assert len(datasets.listing(session, Page(), state="pending").items) == 1


def test_a_cursor_that_no_list_gave_is_refused(database: Database) -> None:
    with database.reading() as session, pytest.raises(InvalidCursor, match="'; DROP TABLE'"):
        datasets.listing(session, Page(cursor="; DROP TABLE"))
