"""Libraries."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from candidates.candidate import Cost, Estimate, identity
from candidates.graph.neighbourhood import Split
from candidates.recipe import LibraryRecipe, TeacherRecipe
from candidates.sources.allowed import check_images
from candidates.value import Value
from service import suitability
from service.failures import ResourceInUse, UnknownResource
from service.records import DatasetContents, LibraryRecord, Progress
from service.repositories import jobs, prepared
from service.repositories.ids import new_id
from service.repositories.pages import (
    Listing,
    Page,
    Sort,
    by_creation,
    matching,
    rows_of_page,
)
from service.repositories.prepared import Posted
from service.tables import CandidateRow, DatasetRow, LibraryRow, SearchRow, StudentRow, TeacherRow

KIND = "library"
STAGES = SYNTHESIS, STATISTICS, NEIGHBOURHOOD = "synthesis", "statistics", "neighbourhood"
"""Kinds of a library's units, each to be done after all of the one before."""


SHAPES_IMAGES = {"inputs", "synthetic_images", "synthetic_steps", "seed"}
"""Recipe fields on which the images depend that are made up from a teacher."""


class NewLibrary(Value):
    """A recipe to be followed for a teacher on a data set, both of them ready; without one, images
    are made up.
    """

    teacher_id: str
    dataset_id: str | None
    recipe: LibraryRecipe


class Gathered(Value):
    """What the first unit of a library found: the file of its statistics, the teacher's accuracy in
    percent, and how the teacher is cut at the library's granularity.
    """

    sha256: str
    accuracy: Estimate
    split: Split
    fixed_cost: Cost


def post(session: Session, new: NewLibrary) -> Posted[LibraryRecord]:
    """The library with its job; the one that is there if all three are the same.

    Raises InvalidRecipe, UnknownResource and ResourceNotReady, for the teacher or the data set, and
    InvalidDataset where the images do not fit the teacher.
    """
    suitability.check_recipe(new.recipe)
    suitability.check_source(new.recipe, new.dataset_id)
    teacher = prepared.ready_row_of(session, TeacherRow, "teacher", new.teacher_id)
    suitability.check_modules(new.recipe, Split.model_validate(teacher.split))
    _check_images(session, new, teacher)
    digest = identity(**new.model_dump(mode="json"))
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(LibraryRow).where(LibraryRow.digest == digest).with_for_update()
        ),
        lambda: _insert(session, new, digest, teacher),
        lambda row: _job(session, row.id, new, _missing(session, row)),
    )
    return Posted(record=_records(session, [row])[0], made=made)


def get(session: Session, library_id: str) -> LibraryRecord:
    """Raises UnknownResource."""
    return _records(session, [prepared.row_of(session, LibraryRow, KIND, library_id)])[0]


def get_ready(session: Session, library_id: str) -> LibraryRecord:
    """Raises UnknownResource, ResourceNotReady."""
    return _records(session, [prepared.ready_row_of(session, LibraryRow, KIND, library_id)])[0]


VERSION = LibraryRow.job_id, LibraryRow.state, LibraryRow.num_remeasured, TeacherRow.licence
"""What tells a library's version, to be selected where it is joined with its teacher."""
_VERSION = select(*VERSION).join(TeacherRow, LibraryRow.teacher_id == TeacherRow.id)


def version(session: Session, library_id: str) -> str:
    """Raises UnknownResource."""
    row = session.execute(_VERSION.where(LibraryRow.id == library_id)).one_or_none()
    if row is None:
        raise UnknownResource(KIND, library_id)
    return version_of(row)


def version_of(row: Row[*tuple[Any, ...]]) -> str:
    """Of a row with these columns. Neither a library whose state this tells changes while this does
    not, nor what is measured of its students, nor its teacher's licence.
    """
    return f"{row.job_id} {row.state} {row.num_remeasured} {row.licence}"


def listing(
    session: Session,
    page: Page,
    teacher_id: str | None = None,
    state: str | None = None,
    dataset_id: str | None = None,
    sort: Sort = "-created_at",
) -> Listing[LibraryRecord]:
    """Those that match everything that is given."""
    wanted = {
        LibraryRow.teacher_id: teacher_id,
        LibraryRow.dataset_id: dataset_id,
        LibraryRow.state: state,
    }
    order = by_creation(LibraryRow, sort)
    rows, following = rows_of_page(session, LibraryRow, page, *matching(wanted), order=order)
    return Listing(items=tuple(_records(session, rows)), next=following)


def delete(session: Session, library_id: str) -> None:
    """With its candidates, surveys and searches. Raises UnknownResource, ResourceInUse."""
    _check_unsearched(session, library_id)
    prepared.delete(session, LibraryRow, KIND, library_id, (StudentRow.library_id, "students"))


def images_like(session: Session, library_id: str) -> str | None:
    """The file of the images that were made up for this library, or for one of the same teacher
    whose recipe makes the same.
    """
    mine = prepared.row_of(session, LibraryRow, KIND, library_id)
    same_teacher = select(LibraryRow).where(
        LibraryRow.teacher_id == mine.teacher_id, LibraryRow.images_sha256.is_not(None)
    )
    wanted = _made_up(mine)
    found = (row.images_sha256 for row in session.scalars(same_teacher) if _made_up(row) == wanted)
    return next(found, None)


def note_images(session: Session, library_id: str, sha256: str) -> None:
    """Note the file of the images that were made up for it."""
    prepared.row_of(session, LibraryRow, KIND, library_id).images_sha256 = sha256


def note_statistics(session: Session, library_id: str, gathered: Gathered) -> None:
    """Note what the first unit found. If nobody knew the neighbourhoods before, their units join
    the job.
    """
    row = prepared.row_of(session, LibraryRow, KIND, library_id)
    row.statistics_sha256 = gathered.sha256
    row.teacher_accuracy = gathered.accuracy.value
    row.teacher_accuracy_se = gathered.accuracy.standard_error
    row.fixed_cost = gathered.fixed_cost.model_dump(mode="json")
    if row.split is None:
        row.split = gathered.split.model_dump(mode="json")
        recipe = LibraryRecipe.model_validate(row.recipe)
        jobs.add_units(session, row.job_id, _units(row.id, recipe, _missing(session, row)))


def _check_unsearched(session: Session, library_id: str) -> None:
    mine = (SearchRow.library_id == library_id, SearchRow.state == "pending")
    job_id = session.scalar(select(SearchRow.job_id).where(*mine).limit(1))
    if job_id is not None:
        raise ResourceInUse(
            f"The library '{library_id}' is being searched. Wait for the job '{job_id}', or cancel "
            "it."
        )


def _check_images(session: Session, new: NewLibrary, teacher: TeacherRow) -> None:
    """UnknownResource, ResourceNotReady, InvalidDataset; made-up images always fit."""
    if new.dataset_id is None:
        return
    dataset = prepared.ready_row_of(session, DatasetRow, "dataset", new.dataset_id)
    images = DatasetContents.model_validate(dataset.contents)
    recipe = TeacherRecipe.model_validate(teacher.recipe)
    assert teacher.num_classes is not None, "a ready teacher's classes were counted"
    check_images(recipe, teacher.num_classes, images.shape, len(images.classes))


def _insert(session: Session, new: NewLibrary, digest: str, teacher: TeacherRow) -> LibraryRow:
    """At block granularity the neighbourhoods are the teacher's, so all units are known at once."""
    library_id = new_id(KIND)
    is_known = new.recipe.granularity == "block"
    indices = _indices(teacher.split) if is_known else []
    return LibraryRow(
        id=library_id,
        created_at=datetime.now(UTC),
        teacher_id=new.teacher_id,
        dataset_id=new.dataset_id,
        digest=digest,
        recipe=new.recipe.model_dump(mode="json"),
        split=teacher.split if is_known else None,
        fixed_cost=teacher.fixed_cost if is_known else None,
        state="pending",
        job_id=_job(session, library_id, new, indices),
    )


def _missing(session: Session, row: LibraryRow) -> list[int]:
    """The neighbourhoods, as far as they are known, that no earlier job of the library finished."""
    query = select(CandidateRow.neighbourhood_index).where(CandidateRow.library_id == row.id)
    finished = set(session.scalars(query.distinct()))
    return [index for index in _indices(row.split) if index not in finished]


def _indices(split: dict[str, Any] | None) -> list[int]:
    return [part.index for part in Split.model_validate(split).neighbourhoods] if split else []


def _made_up(row: LibraryRow) -> dict[str, Any]:
    return LibraryRecipe.model_validate(row.recipe).model_dump(include=SHAPES_IMAGES)


def _job(session: Session, library_id: str, new: NewLibrary, indices: Sequence[int]) -> str:
    recipe = new.recipe
    firsts = [STATISTICS] if recipe.inputs == "images" else [SYNTHESIS, STATISTICS]
    units = [_unit(kind, library_id, 2 * len(recipe.grid())) for kind in firsts]
    units += _units(library_id, recipe, indices)
    return jobs.add(session, KIND, library_id, units, share=new.teacher_id)


def _units(library_id: str, recipe: LibraryRecipe, indices: Sequence[int]) -> list[jobs.NewUnit]:
    """One a neighbourhood, to be done after the statistics."""
    total = len(recipe.grid())
    return [_unit(NEIGHBOURHOOD, library_id, total, total=total, index=index) for index in indices]


def _unit(kind: str, library_id: str, weight: int, total: int = 0, **payload: int) -> jobs.NewUnit:
    return jobs.NewUnit(
        kind=kind,
        payload={KIND: library_id, **payload},
        stage=STAGES.index(kind),
        weight=weight,
        total=total,
    )


def _records(session: Session, rows: list[LibraryRow]) -> list[LibraryRecord]:
    progress = jobs.progress_of_kind(session, [row.job_id for row in rows], NEIGHBOURHOOD)
    known = _by_id(session, TeacherRow.num_classes, {row.teacher_id for row in rows})
    contents = _by_id(session, DatasetRow.contents, {row.dataset_id for row in rows})
    return [
        _record(row, progress[row.job_id], known[row.teacher_id], contents.get(row.dataset_id))
        for row in rows
    ]


def _by_id(
    session: Session, column: InstrumentedAttribute[Any], ids: Collection[str | None]
) -> dict[str | None, Any]:
    """A column's values in the rows with these ids."""
    table = column.class_
    found = session.execute(select(table.id, column).where(table.id.in_(ids)))
    return {row[0]: row[1] for row in found}


def _record(
    row: LibraryRow, progress: Progress, num_known: int | None, contents: dict[str, Any] | None
) -> LibraryRecord:
    num_classes = len(contents["classes"]) if contents else None
    recipe = LibraryRecipe.model_validate(row.recipe)
    notes = suitability.notes(recipe, num_known, num_classes)
    accuracy = None
    if row.teacher_accuracy is not None and row.teacher_accuracy_se is not None:
        accuracy = Estimate(value=row.teacher_accuracy, standard_error=row.teacher_accuracy_se)
    return LibraryRecord(
        **prepared.common(row),
        teacher_id=row.teacher_id,
        dataset_id=row.dataset_id,
        recipe=recipe,
        split=Split.model_validate(row.split) if row.split else None,
        fixed_cost=Cost.model_validate(row.fixed_cost) if row.fixed_cost else None,
        images_sha256=row.images_sha256,
        statistics_sha256=row.statistics_sha256,
        teacher_accuracy=accuracy,
        progress=progress,
        notes=tuple(notes),
    )
