"""Turns: whose work comes next."""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Select, case, func, null, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from service.tables import JobRow, ShareRow, UnitRow

LONG = ("library", "refinement")
NUM_CHOICES = 20
INSERTS: dict[str, Callable[..., postgresql.Insert | sqlite.Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


def jobs_in_order(session: Session) -> Sequence[str]:
    """The first jobs of those that have a unit to be claimed.

    Higher priorities go first. Among equals the share with the fewest running units, and among
    equals again the one whose last turn was longest ago: so however many units one teacher has,
    another's next unit waits for one turn at most. Within a share short kinds of jobs pass
    libraries and refinements, and older ones younger ones.
    """
    running = _running_of_shares().subquery()
    query = (
        select(JobRow.id)
        .join(running, running.c.share == JobRow.share, isouter=True)
        .join(ShareRow, ShareRow.name == JobRow.share, isouter=True)
        .where(JobRow.state.in_(("queued", "running")), _goes_on(), _stage_to_claim().is_not(None))
        .order_by(
            JobRow.priority.desc(),
            func.coalesce(running.c.count, 0),
            func.coalesce(ShareRow.served, 0),
            JobRow.kind.in_(LONG),
            JobRow.id,
        )
        .limit(NUM_CHOICES)
    )
    return session.scalars(query).all()


def num_claimable(session: Session, most: int) -> int:
    """How many units could be claimed, but no more than `most`; those of the first jobs count."""
    query = (
        select(UnitRow.id)
        .join(JobRow, JobRow.id == UnitRow.job_id)
        .where(
            UnitRow.job_id.in_(jobs_in_order(session)),
            UnitRow.state == "queued",
            UnitRow.stage == _stage_to_claim(),
        )
        .limit(most)
    )
    return len(session.scalars(query).all())


def unit_of(job_id: str) -> Select[str]:
    """The first unit of a job that may be claimed and that nobody else is about to claim."""
    return (
        select(UnitRow.id)
        .join(JobRow, JobRow.id == UnitRow.job_id)
        .where(
            UnitRow.job_id == job_id,
            UnitRow.state == "queued",
            UnitRow.stage == _stage_to_claim(),
            _goes_on(),
        )
        .order_by(UnitRow.id)
        .limit(1)
        .with_for_update(of=UnitRow, skip_locked=True)
    )


def note_turn(session: Session, job_id: str) -> None:
    """The job's share has been served, later than all others."""
    share = session.scalars(select(JobRow.share).where(JobRow.id == job_id)).one()
    last = select(func.coalesce(func.max(ShareRow.served), 0)).scalar_subquery()
    row = INSERTS[session.get_bind().dialect.name](ShareRow).values(name=share, served=last + 1)
    session.execute(
        row.on_conflict_do_update(index_elements=["name"], set_={"served": row.excluded.served})
    )


def _goes_on() -> ColumnElement[bool]:
    return JobRow.stop_requested_at.is_(None)


def _stage_to_claim() -> ColumnElement[int | None]:
    """Of a job: the stage of its next queued units; NULL if there are none, or if those of an
    earlier stage still run. Failed and cancelled units stop their job, so they need not be asked
    for.
    """
    queued, running = aliased(UnitRow), aliased(UnitRow)
    first = (
        select(func.min(queued.stage))
        .where(queued.job_id == JobRow.id, queued.state == "queued")
        .correlate(JobRow)
        .scalar_subquery()
    )
    earlier = (
        select(func.min(running.stage))
        .where(running.job_id == JobRow.id, running.state == "running")
        .correlate(JobRow)
        .scalar_subquery()
    )
    return case((earlier < first, null()), else_=first)


def _running_of_shares() -> Select[str, int]:
    return (
        select(JobRow.share, func.count().label("count"))
        .join(UnitRow, UnitRow.job_id == JobRow.id)
        .where(UnitRow.state == "running")
        .group_by(JobRow.share)
    )
