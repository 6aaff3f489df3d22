"""The tables. Rows never leave the repositories; times are UTC."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Digest = String(64)


class Moment(TypeDecorator[datetime]):
    """A point in time, UTC going in and coming out, also where the database forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """All tables, under one naming convention."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012
        datetime: Moment,
        int: BigInteger,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


class Identified:
    """`id` is a prefix and a time-ordered part, so its order is the order of creation."""

    id: Mapped[str] = mapped_column(String(64), primary_key=True, sort_order=-2)
    created_at: Mapped[datetime] = mapped_column(sort_order=-1)


class Prepared(Identified):
    """Something a job makes: pending until the job ends, then ready or failed."""

    state: Mapped[str] = mapped_column(String(16), default="pending", index=True)
    error: Mapped[dict[str, Any] | None]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), index=True)


def _states(*names: str) -> CheckConstraint:
    return CheckConstraint(f"state IN ({', '.join(map(repr, names))})", name="state")


PREPARED = ("pending", "ready", "failed")
WORK = ("queued", "running", "succeeded", "failed", "cancelled")


class JobRow(Identified, Base):
    """`resource_id` names what the job makes; `state` follows from the units.

    A stop is requested by a user who cancels, or when one unit has failed for good.
    """

    __tablename__ = "jobs"
    __table_args__ = (_states(*WORK),)
    kind: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    error: Mapped[dict[str, Any] | None]
    stop_requested_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class UnitRow(Base):
    """A unit of work. `token` grows with each claim, so an older claim cannot commit."""

    __tablename__ = "units"
    __table_args__ = (_states(*WORK), Index("ix_units_state_lease", "state", "lease_expires_at"))
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    stage: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    weight: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(64), index=True)
    lease_expires_at: Mapped[datetime | None]
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int] = mapped_column(default=0)
    error: Mapped[dict[str, Any] | None]


class DatasetRow(Prepared, Base):
    """`digest` is of what was posted, `sha256` names the file of the ingested images."""

    __tablename__ = "datasets"
    __table_args__ = (_states(*PREPARED),)
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    source_sha256: Mapped[str | None] = mapped_column(Digest)
    source_uri: Mapped[str | None] = mapped_column(String(4096))
    sha256: Mapped[str | None] = mapped_column(Digest)
    contents: Mapped[dict[str, Any] | None]


class TeacherRow(Prepared, Base):
    """`digest` is over recipe and posted file; `network_…` names the teacher's own file, which
    holds all of it. This, split and costs are known once it is ready.
    """

    __tablename__ = "teachers"
    __table_args__ = (_states(*PREPARED),)
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    recipe: Mapped[dict[str, Any]]
    weights_sha256: Mapped[str] = mapped_column(Digest)
    weights_size_bytes: Mapped[int]
    network_sha256: Mapped[str | None] = mapped_column(Digest)
    network_size_bytes: Mapped[int | None]
    num_classes: Mapped[int | None]
    split: Mapped[dict[str, Any] | None]
    cost: Mapped[dict[str, Any] | None]
    fixed_cost: Mapped[dict[str, Any] | None]


class LibraryRow(Prepared, Base):
    """`digest` is over teacher, data set and recipe. `split` and `fixed_cost` are those of its
    granularity, known from the start for `block` and after the first unit for others. A library
    without a data set has images made up in its place, in the file that `images_sha256` names.
    `num_remeasured` grows whenever a student of it becomes measured, or a measured one goes.
    """

    __tablename__ = "libraries"
    __table_args__ = (_states(*PREPARED),)
    teacher_id: Mapped[str] = mapped_column(ForeignKey("teachers.id"), index=True)
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("datasets.id"), index=True)
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    recipe: Mapped[dict[str, Any]]
    split: Mapped[dict[str, Any] | None]
    fixed_cost: Mapped[dict[str, Any] | None]
    images_sha256: Mapped[str | None] = mapped_column(Digest)
    statistics_sha256: Mapped[str | None] = mapped_column(Digest)
    teacher_accuracy: Mapped[float | None]
    teacher_accuracy_se: Mapped[float | None]
    num_remeasured: Mapped[int] = mapped_column(default=0, server_default="0")


class CandidateRow(Base):
    """A scored candidate; `_se` columns are standard errors.

    The agreement and the peak of the activations are unknown for candidates that were scored
    before they were counted.
    """

    __tablename__ = "candidates"
    __table_args__ = (
        UniqueConstraint("library_id", "identity"),
        UniqueConstraint("library_id", "neighbourhood_index", "position"),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    library_id: Mapped[str] = mapped_column(ForeignKey("libraries.id", ondelete="CASCADE"))
    identity: Mapped[str] = mapped_column(Digest, index=True)
    neighbourhood: Mapped[str] = mapped_column(String(200))
    neighbourhood_index: Mapped[int]
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    knobs: Mapped[dict[str, Any]]
    kept: Mapped[dict[str, Any]]
    parameters: Mapped[int]
    macs: Mapped[int]
    bytes: Mapped[int]
    activation_bytes: Mapped[int | None]
    accuracy: Mapped[float]
    accuracy_se: Mapped[float]
    accuracy_drop: Mapped[float]
    accuracy_drop_se: Mapped[float]
    kl: Mapped[float]
    kl_se: Mapped[float]
    logit_mse: Mapped[float]
    logit_mse_se: Mapped[float]
    agreement: Mapped[float | None]
    agreement_se: Mapped[float | None]
    num_images: Mapped[int]
    weights_sha256: Mapped[str] = mapped_column(Digest)


class OmissionRow(Base):
    """A candidate that a library's recipe asks for and a neighbourhood has not."""

    __tablename__ = "omissions"
    library_id: Mapped[str] = mapped_column(
        ForeignKey("libraries.id", ondelete="CASCADE"), primary_key=True
    )
    neighbourhood_index: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    neighbourhood: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(32))
    knobs: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text)


class StudentRow(Identified, Base):
    """Never changed after it is made; its measurement stands beside it.

    `origin` tells what made it: a selection, or the refinement of its parent.
    """

    __tablename__ = "students"
    library_id: Mapped[str] = mapped_column(ForeignKey("libraries.id"), index=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("students.id"), index=True)
    origin: Mapped[str] = mapped_column(String(16), server_default="selection")
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    budget: Mapped[dict[str, Any]]
    strategy: Mapped[str] = mapped_column(String(32))
    settings: Mapped[dict[str, Any]]
    selection: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any] | None]
    checkpoint_sha256: Mapped[str] = mapped_column(Digest)
    checkpoint_size_bytes: Mapped[int]


class TrialRow(Base):
    """One proposal that an iterative strategy made on its way to a student."""

    __tablename__ = "trials"
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    choices: Mapped[list[Any]]
    loss: Mapped[float]
    feasible: Mapped[bool]


class MeasurementRow(Prepared, Base):
    """What a student really reaches, in percent, and the file after its refit."""

    __tablename__ = "measurements"
    __table_args__ = (_states(*PREPARED),)
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), unique=True
    )
    assembled: Mapped[dict[str, Any] | None]
    refitted: Mapped[dict[str, Any] | None]
    teacher: Mapped[dict[str, Any] | None]
    refitted_sha256: Mapped[str | None] = mapped_column(Digest)
    refitted_size_bytes: Mapped[int | None]


class DeviceRow(Identified, Base):
    """A target on which networks run, with one table of latencies for every library."""

    __tablename__ = "devices"
    name: Mapped[str] = mapped_column(String(200), unique=True)
    description: Mapped[str] = mapped_column(Text)


class LatencyTableRow(Identified, Base):
    """What was measured on a device of a library's parts; never changed after it is posted."""

    __tablename__ = "latency_tables"
    __table_args__ = (UniqueConstraint("device_id", "library_id"),)
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    library_id: Mapped[str] = mapped_column(
        ForeignKey("libraries.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest)
    latencies: Mapped[dict[str, Any]]


class StudentLatencyRow(Identified, Base):
    """What was measured on a device of a whole student; `digest` is over all of it."""

    __tablename__ = "student_latencies"
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    latency_ms: Mapped[float]
    spread_ms: Mapped[float]
    setting: Mapped[dict[str, Any]]


class RefinementRow(Prepared, Base):
    """More work on a student, whose result is another one; accuracies in percent, gain in points.

    `digest` is over the student and the settings.
    """

    __tablename__ = "refinements"
    __table_args__ = (_states(*PREPARED),)
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    settings: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    gain: Mapped[dict[str, Any] | None]
    result_id: Mapped[str | None] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), unique=True
    )


class SurveyRow(Prepared, Base):
    """Students spread over a library, to be measured; `digest` is over library and settings."""

    __tablename__ = "surveys"
    __table_args__ = (_states(*PREPARED),)
    library_id: Mapped[str] = mapped_column(
        ForeignKey("libraries.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    settings: Mapped[dict[str, Any]]


class SurveyStudentRow(Base):
    """A student of a survey, at its place."""

    __tablename__ = "survey_students"
    survey_id: Mapped[str] = mapped_column(
        ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), index=True
    )


class SearchRow(Prepared, Base):
    """A search that measures what it proposes; `digest` is over library, budget and settings.

    `student_id` is the best so far, once the search ended or was cancelled.
    """

    __tablename__ = "searches"
    __table_args__ = (_states(*PREPARED),)
    library_id: Mapped[str] = mapped_column(
        ForeignKey("libraries.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    budget: Mapped[dict[str, Any]]
    settings: Mapped[dict[str, Any]]
    student_id: Mapped[str | None] = mapped_column(
        ForeignKey("students.id", ondelete="SET NULL"), index=True
    )


class SearchTrialRow(Base):
    """A student that a search measured on the scoring images; `loss` is its summed KL."""

    __tablename__ = "search_trials"
    search_id: Mapped[str] = mapped_column(
        ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    choices: Mapped[list[Any]]
    loss: Mapped[float]
    score: Mapped[dict[str, Any]]
