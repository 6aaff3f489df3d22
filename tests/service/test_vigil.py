from service.vigil import Vigil
from tests.service.conftest import Clock


def test_what_stays_the_same_grows_old_and_what_changes_begins_anew() -> None:
    clock = Clock()
    vigil = Vigil[str, int](10, clock.stopwatch)
    vigil.look({"still": 1, "moving": 1})
    clock.advance(4)
    assert vigil.look({"still": 1, "moving": 2}) == {"still": 4, "moving": 0}
    clock.advance(5)
    assert vigil.look({"still": 1, "moving": 2}) == {"still": 9, "moving": 5}


def test_what_was_gone_in_between_begins_anew() -> None:
    clock = Clock()
    vigil = Vigil[str, int](10, clock.stopwatch)
    vigil.look({"unit": 1})
    clock.advance(4)
    vigil.look({})
    assert vigil.look({"unit": 1}) == {"unit": 0}


def test_time_in_which_nobody_looked_counts_little() -> None:
    clock = Clock()
    vigil = Vigil[str, int](10, clock.stopwatch)
    vigil.look({"unit": 1})
    clock.advance(10_000)
    assert vigil.look({"unit": 1}) == {"unit": 10}
