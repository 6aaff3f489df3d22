"""Jobs in a ledger, and units of them that do nothing."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from service.database import Database
from service.ledger import Ledger
from service.records import Failure, JobRecord, UnitRecord
from service.repositories import jobs

BROKEN = Failure(error="InvalidDataset", detail="It was broken.")


def nothing(_session: Session) -> None:
    """A result without rows."""


def add_job(database: Database, stages: Sequence[int] = (0,), kind: str = "test") -> str:
    units = [jobs.NewUnit(kind="test", payload={"n": n}, stage=s) for n, s in enumerate(stages)]
    with database.writing() as session:
        return jobs.add(session, kind, "thing_1", units)


def job_of(database: Database, job_id: str) -> JobRecord:
    with database.reading() as session:
        return jobs.get(session, job_id)


def claimed(ledger: Ledger, worker: str = "worker") -> UnitRecord:
    unit = ledger.claim(worker)
    assert unit is not None
    return unit
