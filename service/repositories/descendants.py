"""Descendants: students that came of others by refinement, and the best of them."""

from collections.abc import Iterable, Mapping, Sequence
from math import hypot
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.candidate import Estimate
from service.records import Better, is_significant
from service.tables import RefinementRow


class Descendant(NamedTuple):
    """What a refinement of `parent_id` made: an accuracy, and how it compared with its parent's."""

    student_id: str
    parent_id: str
    before: Estimate
    after: Estimate
    gain: Estimate


def better(session: Session, known: Mapping[str, Sequence[Estimate]]) -> dict[str, Better]:
    """By student, the most accurate of all that came of it, in any number of refinements, and are
    significantly better than every accuracy that is known of the student's own files.

    `known` gives those that were measured otherwise. The difference is a paired one where a
    refinement measured both, else its standard error is that of two independent accuracies, which
    is too large rather than too small.
    """
    children = _children(session, known)
    found = {}
    for student_id, measured in known.items():
        mine = children.get(student_id, [])
        if not mine:
            continue
        own = max([*measured, *(each.before for each in mine)], key=lambda each: each.value)
        offers = [_offer(student_id, own, each) for each in _all_below(student_id, children)]
        offers = [offer for offer in offers if is_significant(offer.gain)]
        if offers:
            found[student_id] = max(offers, key=lambda offer: offer.accuracy.value)
    return found


def _offer(student_id: str, own: Estimate, other: Descendant) -> Better:
    gain = other.gain
    if other.parent_id != student_id or other.before != own:
        error = hypot(other.after.standard_error, own.standard_error)
        gain = Estimate(value=other.after.value - own.value, standard_error=error)
    return Better(student_id=other.student_id, accuracy=other.after, own_accuracy=own, gain=gain)


def _children(session: Session, ids: Iterable[str]) -> dict[str, list[Descendant]]:
    """By student, what its refinements made, for these and all that came of them."""
    found: dict[str, list[Descendant]] = {}
    wanted = set(ids)
    while wanted:
        rows = session.scalars(
            select(RefinementRow).where(
                RefinementRow.student_id.in_(wanted), RefinementRow.state == "ready"
            )
        )
        made = [_descendant(row) for row in rows]
        for each in made:
            found.setdefault(each.parent_id, []).append(each)
        wanted = {each.student_id for each in made}
    return found


def _all_below(
    student_id: str, children: Mapping[str, Sequence[Descendant]]
) -> Iterable[Descendant]:
    for each in children.get(student_id, ()):
        yield each
        yield from _all_below(each.student_id, children)


def _descendant(row: RefinementRow) -> Descendant:
    assert row.result_id is not None, "a refinement that is ready has made a student"
    before, after, gain = map(Estimate.model_validate, (row.before, row.after, row.gain))
    return Descendant(row.result_id, row.student_id, before, after, gain)
