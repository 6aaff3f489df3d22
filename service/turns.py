"""Turns: whose work comes next.

The statements are built once: that takes longer than what they do.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    null,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningUpdate

from service.tables import JobRow, ShareRow, UnitRow

LONG = ("library", "refinement")
NUM_CHOICES = 20
INSERTS: dict[str, Callable[..., postgresql.Insert | sqlite.Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


class Turn(NamedTuple):
    """A job that has a unit to be claimed."""

    job_id: str
    state: str
    owner_id: str
    share: str


def in_order(session: Session) -> Sequence[Turn]:
    """The first jobs of those that have a unit to be claimed.

    Higher priorities go first. Among equals the share with the fewest running units, and among
    equals again the one whose last turn was longest ago: so however many units one teacher has,
    another's next unit waits for one turn at most. Within a share short kinds of jobs pass
    libraries and refinements, and older ones younger ones.
    """
    return [Turn(*row) for row in session.execute(_in_order())]


def num_claimable(session: Session, most: int) -> int:
    """How many units could be claimed, but no more than `most`; those of the first jobs count."""
    job_ids = [turn.job_id for turn in in_order(session)]
    stages = select(JobRow.id, _stage_to_claim().label("stage")).where(JobRow.id.in_(job_ids)).cte()
    stages = stages.prefix_with("MATERIALIZED")  # else some plans look for it once a unit
    query = (
        select(UnitRow.id)
        .join(stages, (stages.c.id == UnitRow.job_id) & (stages.c.stage == UnitRow.stage))
        .where(UnitRow.state == "queued")
        .limit(most)
    )
    return len(session.scalars(query).all())


@cache
def claim_of_a_unit() -> ReturningUpdate[str, str, str, str, dict[str, object], int, int]:
    """Claims for `by_worker` the first unit of `of_job` that may be claimed and that nobody else is
    about to claim.
    """
    of_job: BindParameter[str] = bindparam("of_job")
    stage = select(_stage_to_claim()).where(JobRow.id == of_job, _goes_on()).scalar_subquery()
    unit = (
        select(UnitRow.id)
        .where(UnitRow.job_id == of_job, UnitRow.state == "queued", UnitRow.stage == stage)
        .order_by(UnitRow.id)
        .limit(1)
        .with_for_update(of=UnitRow, skip_locked=True)
    )
    return (
        update(UnitRow)
        .where(UnitRow.id == unit.scalar_subquery())
        .values(
            state="running",
            worker=bindparam("by_worker"),
            token=UnitRow.token + 1,
            attempts=UnitRow.attempts + 1,
            beats=UnitRow.beats + 1,
        )
        .returning(
            UnitRow.id, UnitRow.job_id, UnitRow.kind, UnitRow.payload, UnitRow.token,
            UnitRow.attempts,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def note_turn(session: Session, share: str) -> None:
    """A share has been served, later than all others."""
    statement = _note_turn(session.get_bind().dialect.name)
    session.execute(statement, {"of_share": share})


@cache
def _in_order() -> Select[str, str, str, str]:
    running = (
        select(JobRow.share, func.count().label("count"))
        .join(UnitRow, UnitRow.job_id == JobRow.id)
        .where(UnitRow.state == "running")
        .group_by(JobRow.share)
        .subquery()
    )
    return (
        select(JobRow.id, JobRow.state, JobRow.owner_id, JobRow.share)
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


@cache
def _note_turn(dialect: str) -> postgresql.Insert | sqlite.Insert:
    last = select(func.coalesce(func.max(ShareRow.served), 0)).scalar_subquery()
    row = INSERTS[dialect](ShareRow).values(name=bindparam("of_share"), served=last + 1)
    return row.on_conflict_do_update(index_elements=["name"], set_={"served": row.excluded.served})


def _goes_on() -> ColumnElement[bool]:
    return JobRow.stop_requested_at.is_(None)


@cache
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
