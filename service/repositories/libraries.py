"""Libraries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.candidate import Cost, Estimate, identity
from candidates.errors import InvalidRecipe
from candidates.graph.neighbourhood import Split
from candidates.recipe import LibraryRecipe, TeacherRecipe
from candidates.sources.allowed import check_images
from candidates.value import Value
from service.records import DatasetContents, LibraryRecord, Progress
from service.repositories import jobs, prepared
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Page, rows_of_page
from service.repositories.prepared import Posted
from service.tables import CandidateRow, DatasetRow, LibraryRow, StudentRow, TeacherRow

KIND = "library"
STATISTICS, NEIGHBOURHOOD = "statistics", "neighbourhood"


class NewLibrary(Value):
    """A recipe to be followed for a teacher on a data set, both of them ready."""

    teacher_id: str
    dataset_id: str
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
    _check_recipe(new.recipe)
    teacher = prepared.ready_row_of(session, TeacherRow, "teacher", new.teacher_id)
    dataset = prepared.ready_row_of(session, DatasetRow, "dataset", new.dataset_id)
    images = DatasetContents.model_validate(dataset.contents)
    recipe = TeacherRecipe.model_validate(teacher.recipe)
    assert teacher.num_classes is not None, "a ready teacher's classes were counted"
    check_images(recipe, teacher.num_classes, images.shape, len(images.classes))
    digest = identity(**new.model_dump(mode="json"))
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(LibraryRow).where(LibraryRow.digest == digest).with_for_update()
        ),
        lambda: _insert(session, new, digest, teacher),
        lambda row: _job(session, row.id, new.recipe, _missing(session, row)),
    )
    return Posted(record=_records(session, [row])[0], made=made)


def get(session: Session, library_id: str) -> LibraryRecord:
    """Raises UnknownResource."""
    return _records(session, [prepared.row_of(session, LibraryRow, KIND, library_id)])[0]


def get_ready(session: Session, library_id: str) -> LibraryRecord:
    """Raises UnknownResource, ResourceNotReady."""
    return _records(session, [prepared.ready_row_of(session, LibraryRow, KIND, library_id)])[0]


def version(session: Session, library_id: str) -> str:
    """A library whose state this tells does not change while this does not. UnknownResource."""
    row = prepared.row_of(session, LibraryRow, KIND, library_id)
    return f"{row.job_id} {row.state}"


def listing(
    session: Session, page: Page, teacher_id: str | None = None, state: str | None = None
) -> Listing[LibraryRecord]:
    """Newest first, those that match every filter given."""
    filters = {LibraryRow.teacher_id: teacher_id, LibraryRow.state: state}
    conditions = [column == value for column, value in filters.items() if value is not None]
    rows, following = rows_of_page(session, LibraryRow, page, *conditions)
    return Listing(items=tuple(_records(session, rows)), next=following)


def delete(session: Session, library_id: str) -> None:
    """With its candidates. Raises UnknownResource, ResourceInUse."""
    prepared.delete(session, LibraryRow, KIND, library_id, (StudentRow.library_id, "students"))


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


def _check_recipe(recipe: LibraryRecipe) -> None:
    if recipe.granularity == "layer" and set(recipe.kinds) == {"width"}:
        raise InvalidRecipe(
            "granularity 'layer' puts every layer into a neighbourhood of its own, where no width "
            "can shrink. Name other kinds, such as {\"sparse\": {}}, or use 'pair', 'block', a "
            "number of neighbourhoods or a list of modules."
        )
    if recipe.inputs != "images":
        raise InvalidRecipe(
            f"inputs '{recipe.inputs}' makes candidates without any image, which only the library "
            "of functions can do so far (candidates.synthetic), not the service. Leave it out."
        )


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
        job_id=_job(session, library_id, new.recipe, indices),
    )


def _missing(session: Session, row: LibraryRow) -> list[int]:
    """The neighbourhoods, as far as they are known, that no earlier job of the library finished."""
    query = select(CandidateRow.neighbourhood_index).where(CandidateRow.library_id == row.id)
    finished = set(session.scalars(query.distinct()))
    return [index for index in _indices(row.split) if index not in finished]


def _indices(split: dict[str, Any] | None) -> list[int]:
    return [part.index for part in Split.model_validate(split).neighbourhoods] if split else []


def _job(session: Session, library_id: str, recipe: LibraryRecipe, indices: Sequence[int]) -> str:
    weight = 2 * len(recipe.grid())
    first = jobs.NewUnit(kind=STATISTICS, payload={KIND: library_id}, weight=weight)
    return jobs.add(session, KIND, library_id, [first, *_units(library_id, recipe, indices)])


def _units(library_id: str, recipe: LibraryRecipe, indices: Sequence[int]) -> list[jobs.NewUnit]:
    """One a neighbourhood, to be done after the statistics."""
    total = len(recipe.grid())
    return [
        jobs.NewUnit(
            kind=NEIGHBOURHOOD,
            payload={KIND: library_id, "index": index},
            stage=1,
            weight=total,
            total=total,
        )
        for index in indices
    ]


def _records(session: Session, rows: list[LibraryRow]) -> list[LibraryRecord]:
    progress = jobs.progress_of_kind(session, [row.job_id for row in rows], NEIGHBOURHOOD)
    return [_record(row, progress[row.job_id]) for row in rows]


def _record(row: LibraryRow, progress: Progress) -> LibraryRecord:
    accuracy = None
    if row.teacher_accuracy is not None and row.teacher_accuracy_se is not None:
        accuracy = Estimate(value=row.teacher_accuracy, standard_error=row.teacher_accuracy_se)
    return LibraryRecord(
        **prepared.common(row),
        teacher_id=row.teacher_id,
        dataset_id=row.dataset_id,
        recipe=LibraryRecipe.model_validate(row.recipe),
        split=Split.model_validate(row.split) if row.split else None,
        fixed_cost=Cost.model_validate(row.fixed_cost) if row.fixed_cost else None,
        statistics_sha256=row.statistics_sha256,
        teacher_accuracy=accuracy,
        progress=progress,
    )
