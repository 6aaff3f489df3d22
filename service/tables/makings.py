"""Data sets, teachers and libraries with their candidates."""

from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import PREPARED, Base, Digest, Prepared, states


class DatasetRow(Prepared, Base):
    """`digest` is of what was posted, `sha256` names the file of the ingested images."""

    __tablename__ = "datasets"
    __table_args__ = (states(*PREPARED), UniqueConstraint("owner_id", "digest"))
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(Digest)
    source_sha256: Mapped[str | None] = mapped_column(Digest)
    source_uri: Mapped[str | None] = mapped_column(String(4096))
    sha256: Mapped[str | None] = mapped_column(Digest)
    contents: Mapped[dict[str, Any] | None]


class TeacherRow(Prepared, Base):
    """`digest` is over recipe and posted file; `network_…` names the teacher's own file, which
    holds all of it. This, split and costs are known once it is ready.
    """

    __tablename__ = "teachers"
    __table_args__ = (states(*PREPARED), UniqueConstraint("owner_id", "digest"))
    name: Mapped[str] = mapped_column(String(200))
    licence: Mapped[str | None] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(Digest)
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
    __table_args__ = (states(*PREPARED),)
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

    The agreement, the peak of the activations and the course of the refinement are unknown for
    candidates that were made before they were kept.
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
    course: Mapped[dict[str, Any] | None]


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
