"""Candidates."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from candidates.candidate import Candidate, Cost, Course, Estimate, Kept, Omitted, Score
from candidates.graph.neighbourhood import Split
from candidates.value import Value
from search.problem import Choice, Problem
from service.failures import UnknownResource
from service.records import CandidateRecord
from service.repositories import omissions
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Order, Page, rows_of_page
from service.tables import CandidateRow, LibraryRow

RowOfColumns = Row[*tuple[Any, ...]]


class NewCandidate(Value):
    """A candidate whose weights are in the store already."""

    identity: str
    candidate: Candidate
    weights_sha256: str


CandidateSort = Literal[
    "place", "-place", "parameters", "-parameters", "macs", "-macs", "bytes", "-bytes",
    "kl", "-kl", "logit_mse", "-logit_mse", "accuracy_drop", "-accuracy_drop",
]  # fmt: skip


class Wanted(Value):
    """Which candidates are wanted: those that match everything that is given."""

    neighbourhood: str | None = None
    kind: str | None = None
    max_parameters: int | None = None
    max_macs: int | None = None
    max_bytes: int | None = None
    max_kl: float | None = None


ALL = Wanted()
UNUSED_BY_STRATEGIES = {"knobs", "kept", "identity", "course"}


def add_all(
    session: Session,
    library_id: str,
    neighbourhood_index: int,
    made: Sequence[NewCandidate],
    omitted: Sequence[Omitted] = (),
) -> None:
    """All candidates of one neighbourhood, in their order, and those that it has not."""
    omissions.add_all(session, library_id, neighbourhood_index, omitted)
    session.add_all(
        _row(library_id, neighbourhood_index, position, new) for position, new in enumerate(made)
    )
    session.flush()


def known(session: Session, identity: str) -> tuple[str, Kept] | None:
    """Weights file and kept channels of a candidate with this identity, from any library of the
    session's owner.
    """
    query = select(CandidateRow.weights_sha256, CandidateRow.kept)
    query = query.join(LibraryRow, LibraryRow.id == CandidateRow.library_id)
    row = session.execute(query.where(CandidateRow.identity == identity).limit(1)).first()
    return None if row is None else (row.weights_sha256, _kept(row.kept))


def listing(
    session: Session,
    library_id: str,
    page: Page,
    wanted: Wanted = ALL,
    sort: CandidateSort = "place",
) -> Listing[CandidateRecord]:
    """By default in the order of the network, then of the candidates of a neighbourhood."""
    conditions = [CandidateRow.library_id == library_id, *_conditions(wanted)]
    rows, following = rows_of_page(session, CandidateRow, page, *conditions, order=_order(sort))
    return Listing(items=tuple(map(_record, rows)), next=following)


def chosen(session: Session, candidate_ids: Sequence[str]) -> tuple[CandidateRecord, ...]:
    """These candidates, in this order; UnknownResource."""
    query = select(CandidateRow).where(CandidateRow.id.in_(candidate_ids))
    records = {row.id: _record(row) for row in session.scalars(query)}
    for candidate_id in candidate_ids:
        if candidate_id not in records:
            raise UnknownResource("candidate", candidate_id)
    return tuple(records[candidate_id] for candidate_id in candidate_ids)


def weights(session: Session, library_id: str) -> dict[str, str]:
    """For every candidate of a library, by its id, the file of its weights."""
    query = select(CandidateRow.id, CandidateRow.weights_sha256)
    order = (CandidateRow.neighbourhood_index, CandidateRow.position)
    rows = session.execute(query.where(CandidateRow.library_id == library_id).order_by(*order))
    return {row.id: row.weights_sha256 for row in rows}


def problem(session: Session, library_id: str) -> Problem:
    """The candidates of a ready library, as the strategies see them; a neighbourhood that has none
    has its place among the others.
    """
    query = select(LibraryRow.fixed_cost, LibraryRow.teacher_accuracy, LibraryRow.split)
    row = session.execute(query.where(LibraryRow.id == library_id)).one()
    fixed_cost, teacher_accuracy, split = row
    choices = _choices(session, library_id)
    return Problem(
        neighbourhoods=tuple(
            choices.get(part.index, ()) for part in Split.model_validate(split).neighbourhoods
        ),
        fixed=Cost.model_validate(fixed_cost),
        teacher_accuracy=teacher_accuracy,
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    given = wanted.model_dump(exclude_none=True)
    return [
        getattr(CandidateRow, name.removeprefix("max_")) <= value
        if name.startswith("max_")
        else getattr(CandidateRow, name) == value
        for name, value in given.items()
    ]


def _order(sort: CandidateSort) -> Order:
    name = sort.removeprefix("-")
    if name == "place":
        return Order.named(sort, CandidateRow.neighbourhood_index, CandidateRow.position)
    return Order.named(sort, getattr(CandidateRow, name), CandidateRow.id)


def _choices(session: Session, library_id: str) -> dict[int, tuple[Choice, ...]]:
    """By neighbourhood, for those that have any."""
    columns = CandidateRow.__table__.c
    wanted = [
        column for column in columns if column.name not in {"knobs", "kept", "identity", "course"}
    ]
    rows = session.execute(
        select(*wanted)
        .where(columns.library_id == library_id)
        .order_by(columns.neighbourhood_index, columns.position)
    )
    groups = groupby(rows, key=lambda row: row.neighbourhood_index)
    return {
        index: tuple(
            Choice(id=row.id, kind=row.kind, cost=_cost(row), score=_score(row)) for row in group
        )
        for index, group in groups
    }


def _row(library_id: str, index: int, position: int, new: NewCandidate) -> CandidateRow:
    candidate, score = new.candidate, new.candidate.score
    return CandidateRow(
        id=new_id("candidate"),
        library_id=library_id,
        identity=new.identity,
        neighbourhood=candidate.neighbourhood,
        neighbourhood_index=index,
        position=position,
        kind=candidate.kind,
        knobs=candidate.knobs,
        kept=candidate.model_dump(mode="json")["kept"],
        **candidate.cost.model_dump(),
        accuracy=score.accuracy.value,
        accuracy_se=score.accuracy.standard_error,
        accuracy_drop=score.accuracy_drop.value,
        accuracy_drop_se=score.accuracy_drop.standard_error,
        kl=score.kl.value,
        kl_se=score.kl.standard_error,
        logit_mse=score.logit_mse.value,
        logit_mse_se=score.logit_mse.standard_error,
        agreement=score.agreement and score.agreement.value,
        agreement_se=score.agreement and score.agreement.standard_error,
        num_images=score.num_images,
        weights_sha256=new.weights_sha256,
        course=candidate.course and candidate.course.model_dump(),
    )


def _record(row: CandidateRow) -> CandidateRecord:
    return CandidateRecord(
        id=row.id,
        library_id=row.library_id,
        identity=row.identity,
        neighbourhood_index=row.neighbourhood_index,
        position=row.position,
        candidate=Candidate(
            neighbourhood=row.neighbourhood,
            kind=row.kind,
            knobs=row.knobs,
            kept=_kept(row.kept),
            cost=_cost(row),
            score=_score(row),
            course=None if row.course is None else Course.model_validate(row.course),
        ),
        weights_sha256=row.weights_sha256,
    )


def _kept(kept: dict[str, list[int]]) -> Kept:
    return {width: tuple(channels) for width, channels in kept.items()}


def _cost(row: CandidateRow | RowOfColumns) -> Cost:
    return Cost(
        parameters=row.parameters,
        macs=row.macs,
        bytes=row.bytes,
        activation_bytes=row.activation_bytes or 0,
    )


def _score(row: CandidateRow | RowOfColumns) -> Score:
    return Score(
        accuracy=Estimate(value=row.accuracy, standard_error=row.accuracy_se),
        accuracy_drop=Estimate(value=row.accuracy_drop, standard_error=row.accuracy_drop_se),
        kl=Estimate(value=row.kl, standard_error=row.kl_se),
        logit_mse=Estimate(value=row.logit_mse, standard_error=row.logit_mse_se),
        agreement=_agreement(row),
        num_images=row.num_images,
    )


def _agreement(row: CandidateRow | RowOfColumns) -> Estimate | None:
    if row.agreement is None or row.agreement_se is None:
        return None
    return Estimate(value=row.agreement, standard_error=row.agreement_se)
