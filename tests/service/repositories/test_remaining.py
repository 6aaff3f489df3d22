"""How long a job is expected to take."""

from datetime import UTC, datetime, timedelta

from service.repositories.remaining import Units, eta_seconds
from service.tables import JobRow

BEGUN = datetime(2030, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return BEGUN + timedelta(seconds=seconds)


def units(
    state: str, num_units: int = 1, stage: int = 0, done: float = 0, ended: float | None = None
) -> Units:
    """Each of a weight of ten."""
    is_new = ended is not None and ended >= 0
    finished = None if ended is None else after(ended)
    return Units(stage, state, is_new, num_units, 10 * num_units, done, finished)  # type: ignore[arg-type]


def eta(seconds: float, *found: Units, kind: str = "survey") -> float | None:
    return eta_seconds(JobRow(kind=kind, started_at=BEGUN), found, after(seconds))


def test_equal_units_are_carried_on() -> None:
    done, running = units("succeeded", 2, done=20, ended=8), units("running", done=5)
    assert eta(10, done, running, units("queued")) == 6.0


def test_nothing_is_told_while_units_of_another_kind_are_to_come() -> None:
    assert eta(2, units("running", done=9), units("queued", 8, stage=1), kind="library") is None


def test_nothing_is_told_until_one_of_the_kind_has_ended() -> None:
    statistics = units("succeeded", done=10, ended=2)
    first = units("running", 2, stage=1, done=3)
    assert eta(4, statistics, first, units("queued", 6, stage=1), kind="library") is None


def test_the_time_of_another_kind_does_not_count() -> None:
    statistics = units("succeeded", done=10, ended=2)
    mine = units("succeeded", stage=1, done=10, ended=7)
    assert eta(7, statistics, mine, units("queued", 3, stage=1), kind="library") == 15.0


def test_what_had_ended_before_the_job_was_tried_again_does_not_count() -> None:
    before = units("succeeded", 5, done=50, ended=-100)
    now = units("succeeded", done=10, ended=4)
    assert eta(4, before, now, units("queued", 2)) == 8.0
    assert eta(4, before, units("running", done=5), units("queued")) is None


def test_a_job_that_is_one_unit_goes_by_how_far_that_says_it_is() -> None:
    assert eta(4, units("running", done=4)) == 6.0
    assert eta(4, units("running")) is None
    assert eta(4, units("running", done=4), kind="library") is None  # its others will join


def test_a_job_that_has_ended_takes_no_time() -> None:
    assert eta(4, units("succeeded", done=10, ended=3)) is None
