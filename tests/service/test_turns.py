"""Whose unit comes next, as one worker or several see it."""

from collections import Counter

from service.database import Database
from service.ledger import Ledger
from service.repositories import jobs
from tests.service.ledger_entries import claimed, nothing


def add_job(database: Database, share: str, num_units: int = 1, kind: str = "library") -> str:
    units = [jobs.NewUnit(kind="test", payload={}) for _ in range(num_units)]
    with database.writing() as session:
        return jobs.add(session, kind, "thing_1", units, share)


def served(ledger: Ledger, num_units: int) -> list[str]:
    """The jobs of that many units, each done before the next is claimed."""
    found = []
    for _ in range(num_units):
        unit = claimed(ledger)
        ledger.complete(unit, nothing)
        found.append(unit.job_id)
    return found


def test_one_worker_serves_two_teachers_by_turns(database: Database, ledger: Ledger) -> None:
    large = add_job(database, "teacher_1", 20)
    assert served(ledger, 3) == [large] * 3
    small = add_job(database, "teacher_2", 3)
    assert served(ledger, 6) == [small, large] * 3
    assert served(ledger, 2) == [large] * 2


def test_many_jobs_of_one_teacher_have_one_share(database: Database, ledger: Ledger) -> None:
    many = {add_job(database, "teacher_1") for _ in range(5)}
    other = add_job(database, "teacher_2", 4)
    found = served(ledger, 8)
    assert found[1::2] == [other] * 4
    assert set(found[::2]) < many


def test_teachers_have_equally_many_workers(database: Database, ledger: Ledger) -> None:
    large = add_job(database, "teacher_1", 20)
    first = [claimed(ledger, f"worker_{number}") for number in range(6)]
    small = add_job(database, "teacher_2", 20)
    ends = Counter(unit.job_id for unit in first)
    for unit in first:
        ledger.complete(unit, nothing)
        ends[unit.job_id] -= 1
        ends[claimed(ledger).job_id] += 1
    assert ends == {large: 3, small: 3}


def test_a_higher_priority_goes_first(database: Database, ledger: Ledger) -> None:
    ordinary = add_job(database, "teacher_1", 2)
    urgent = add_job(database, "teacher_1", 2)
    with database.writing() as session:
        jobs.amend(session, urgent, jobs.Amendment(priority=5))
    assert served(ledger, 4) == [urgent, urgent, ordinary, ordinary]


def test_within_a_share_short_jobs_pass_libraries(database: Database, ledger: Ledger) -> None:
    library = add_job(database, "teacher_1", 2)
    check = add_job(database, "teacher_1", kind="measurement")
    assert served(ledger, 3) == [check, library, library]
