"""Candidates: kept whole, found by identity, shown in the order of the network."""

import pytest
from sqlalchemy.exc import IntegrityError

from service.database import Database
from service.failures import InvalidCursor, UnknownResource
from service.ledger import Ledger
from service.records import LibraryRecord
from service.repositories import candidates
from service.repositories.candidates import Wanted
from service.repositories.pages import Page
from tests.service import builders


@pytest.fixture
def library(database: Database, ledger: Ledger) -> LibraryRecord:
    return builders.ready_library(database, ledger)


def test_a_candidate_comes_back_as_it_went_in(database: Database, library: LibraryRecord) -> None:
    with database.reading() as session:
        first, *_ = candidates.listing(session, library.id, Page()).items
    given = builders.new_candidate(0, 0.5)
    assert (first.identity, first.candidate, first.weights_sha256) == (
        given.identity,
        given.candidate,
        given.weights_sha256,
    )


@pytest.mark.parametrize("limit", [1, 2, 4, 6, 7])
def test_pages_follow_the_network(database: Database, library: LibraryRecord, limit: int) -> None:
    places, page = [], Page(limit=limit)
    with database.reading() as session:
        while True:
            listing = candidates.listing(session, library.id, page)
            places += [(item.neighbourhood_index, item.position) for item in listing.items]
            if listing.next is None:
                break
            page = Page(limit=limit, cursor=listing.next)
    assert places == [(index, position) for index in range(3) for position in range(2)]


def test_a_filter_shows_one_neighbourhood(database: Database, library: LibraryRecord) -> None:
    with database.reading() as session:
        listing = candidates.listing(session, library.id, Page(), Wanted(neighbourhood="layer1"))
    assert [item.candidate.neighbourhood for item in listing.items] == ["layer1", "layer1"]


def test_a_cursor_of_another_list_is_refused(database: Database, library: LibraryRecord) -> None:
    with database.reading() as session, pytest.raises(InvalidCursor):
        candidates.listing(session, library.id, Page(cursor=library.id))


def test_a_candidate_is_known_by_its_identity(database: Database, library: LibraryRecord) -> None:
    given = builders.new_candidate(1, 0.5)
    with database.reading() as session:
        found = candidates.known(session, given.identity)
        assert found == (given.weights_sha256, given.candidate.kept)
        assert candidates.known(session, "0" * 64) is None


def test_a_library_holds_an_identity_once(database: Database, library: LibraryRecord) -> None:
    def add_again() -> None:
        with database.writing() as session:
            candidates.add_all(session, library.id, 9, [builders.new_candidate(0, 0.5)])

    with pytest.raises(IntegrityError):
        add_again()


def test_a_problem_holds_every_candidate_in_order(
    database: Database, library: LibraryRecord
) -> None:
    with database.reading() as session:
        problem = candidates.problem(session, library.id)
        listed = candidates.listing(session, library.id, Page()).items
    choices = [choice for part in problem.neighbourhoods for choice in part]
    assert [choice.id for choice in choices] == [item.id for item in listed]
    assert [choice.cost for choice in choices] == [item.candidate.cost for item in listed]
    assert [choice.score for choice in choices] == [item.candidate.score for item in listed]
    assert (problem.fixed, problem.teacher_accuracy) == (builders.COST, 90.0)


def test_chosen_candidates_keep_the_order_asked_for(
    database: Database, library: LibraryRecord
) -> None:
    with database.reading() as session:
        ids = [item.id for item in candidates.listing(session, library.id, Page()).items]
        wanted = [ids[4], ids[0], ids[3]]
        assert [item.id for item in candidates.chosen(session, wanted)] == wanted
        with pytest.raises(UnknownResource):
            candidates.chosen(session, [ids[0], "candidate_0"])
