"""Remaining: what of jobs is done, and how long the rest is expected to take."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from service.records import WorkState
from service.tables import JobRow, UnitRow

GROWS = "library"
"""More units may join a job of this kind as soon as its first ones know the neighbourhoods."""


class Units(NamedTuple):
    """What the units of a job add up to that are of one stage and in one state; `is_new` says that
    they have ended since the job was last begun.
    """

    stage: int
    state: WorkState
    is_new: bool
    num_units: int
    weight: int
    weight_done: float
    finished_at: datetime | None


def counted(session: Session, job_ids: Sequence[str]) -> dict[str, list[Units]]:
    """A job may have very many units, so the database adds them up."""
    share = case(
        (UnitRow.state == "succeeded", 1.0),
        (UnitRow.progress_total == 0, 0.0),
        (UnitRow.progress_done >= UnitRow.progress_total, 1.0),
        else_=UnitRow.progress_done * 1.0 / UnitRow.progress_total,
    )
    is_new = case((UnitRow.finished_at >= JobRow.started_at, True), else_=False)
    groups = UnitRow.job_id, UnitRow.stage, UnitRow.state, is_new
    sums = func.count(), func.sum(UnitRow.weight), func.sum(UnitRow.weight * share)
    query = select(*groups, *sums, func.max(UnitRow.finished_at)).join(JobRow)
    found: dict[str, list[Units]] = {}
    rows: Any = session.execute(query.where(UnitRow.job_id.in_(job_ids)).group_by(*groups))
    for job_id, *rest in rows:
        found.setdefault(job_id, []).append(Units(*rest))
    return found


def eta_seconds(job: JobRow, units: Sequence[Units], now: datetime) -> float | None:
    """The time that the stage has taken so far, carried on to its end.

    Units of a stage are alike, those of several are not. So it is None while a later stage is to
    come, and until a unit of this one has ended; of a job that is one unit, until it is told how
    far that is.
    """
    stages = {each.stage for each in units if each.state in ("queued", "running")}
    if job.started_at is None or job.finished_at is not None or len(stages) != 1:
        return None
    (stage,) = stages
    mine = [each for each in units if each.stage == stage]
    if not any(each.is_new for each in mine) and not _is_alone(job, mine):
        return None
    earlier = [each.finished_at for each in units if each.stage < stage and each.finished_at]
    seconds = (now - max([job.started_at, *earlier])).total_seconds()
    fresh = [each for each in mine if each.is_new or each.state == "running"]
    done = sum(float(each.weight_done) for each in fresh)
    left = float(sum(each.weight for each in mine)) - sum(float(each.weight_done) for each in mine)
    return round(seconds * left / done, 1) if done else None


def _is_alone(job: JobRow, units: Sequence[Units]) -> bool:
    return job.kind != GROWS and sum(each.num_units for each in units) == 1
