"""Libraries."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.allowed import check_images
from candidates.candidate import Estimate, identity
from candidates.neighbourhood import Split
from candidates.recipe import LibraryRecipe, TeacherRecipe
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


def post(session: Session, new: NewLibrary) -> Posted[LibraryRecord]:
    """The library with its job; the one that is there if all three are the same.

    Raises UnknownResource and ResourceNotReady, for the teacher or the data set, and
    InvalidDataset where the images do not fit the teacher.
    """
    teacher = prepared.ready_row_of(session, TeacherRow, "teacher", new.teacher_id)
    dataset = prepared.ready_row_of(session, DatasetRow, "dataset", new.dataset_id)
    images = DatasetContents.model_validate(dataset.contents)
    recipe = TeacherRecipe.model_validate(teacher.recipe)
    check_images(recipe, images.shape, len(images.classes))
    split = Split.model_validate(teacher.split)
    digest = identity(**new.model_dump(mode="json"))
    row, made = prepared.begin(
        session,
        lambda: session.scalar(
            select(LibraryRow).where(LibraryRow.digest == digest).with_for_update()
        ),
        lambda: _insert(session, new, digest, split),
        lambda row: _job(session, row.id, new.recipe, _missing(session, row.id, split)),
    )
    return Posted(record=_records(session, [row])[0], made=made)


def get(session: Session, library_id: str) -> LibraryRecord:
    """Raises UnknownResource."""
    return _records(session, [prepared.row_of(session, LibraryRow, KIND, library_id)])[0]


def get_ready(session: Session, library_id: str) -> LibraryRecord:
    """Raises UnknownResource, ResourceNotReady."""
    return _records(session, [prepared.ready_row_of(session, LibraryRow, KIND, library_id)])[0]


def version(session: Session, library_id: str) -> str:
    """A ready library stays as it is while this does. UnknownResource, ResourceNotReady."""
    return prepared.ready_row_of(session, LibraryRow, KIND, library_id).job_id


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


def note_statistics(session: Session, library_id: str, sha256: str, accuracy: Estimate) -> None:
    """Note what the statistics unit found: their file, and the teacher's accuracy in percent."""
    row = prepared.row_of(session, LibraryRow, KIND, library_id)
    row.statistics_sha256 = sha256
    row.teacher_accuracy, row.teacher_accuracy_se = accuracy.value, accuracy.standard_error


def _insert(session: Session, new: NewLibrary, digest: str, split: Split) -> LibraryRow:
    library_id = new_id(KIND)
    indices = [part.index for part in split.neighbourhoods]
    return LibraryRow(
        id=library_id,
        created_at=datetime.now(UTC),
        teacher_id=new.teacher_id,
        dataset_id=new.dataset_id,
        digest=digest,
        recipe=new.recipe.model_dump(mode="json"),
        state="pending",
        job_id=_job(session, library_id, new.recipe, indices),
    )


def _missing(session: Session, library_id: str, split: Split) -> list[int]:
    """The neighbourhoods that an earlier job of this library did not finish."""
    query = select(CandidateRow.neighbourhood_index).where(CandidateRow.library_id == library_id)
    finished = set(session.scalars(query.distinct()))
    return [part.index for part in split.neighbourhoods if part.index not in finished]


def _job(session: Session, library_id: str, recipe: LibraryRecipe, indices: list[int]) -> str:
    total = len(recipe.multipliers)
    first = jobs.NewUnit(kind=STATISTICS, payload={KIND: library_id}, weight=2 * total)
    rest = [
        jobs.NewUnit(
            kind=NEIGHBOURHOOD,
            payload={KIND: library_id, "index": index},
            stage=1,
            weight=total,
            total=total,
        )
        for index in indices
    ]
    return jobs.add(session, KIND, library_id, [first, *rest])


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
        statistics_sha256=row.statistics_sha256,
        teacher_accuracy=accuracy,
        progress=progress,
    )
