"""Materials: what the database and the store hold, as the tensors that work needs."""

from typing import NamedTuple

from candidates.checkpoint import Checkpoint
from candidates.data import Dataset
from candidates.teacher import Teacher
from service.jobs.registry import Workplace
from service.records import LibraryRecord, TeacherRecord
from service.repositories import datasets, libraries, teachers


class Materials(NamedTuple):
    """What all units of a library, and the measurements of its students, work on."""

    library: LibraryRecord
    teacher: Teacher
    dataset: Dataset


def of_library(place: Workplace, library_id: str) -> Materials:
    """Raises UnknownResource, ArtifactMissing, ArtifactDamaged."""
    with place.database.reading() as session:
        library = libraries.get(session, library_id)
        teacher = teachers.get_ready(session, library.teacher_id)
        dataset = datasets.get_ready(session, library.dataset_id)
    assert dataset.sha256 is not None
    return Materials(
        library, load_teacher(place, teacher), Dataset.load(place.artifacts.locate(dataset.sha256))
    )


def load_teacher(place: Workplace, record: TeacherRecord) -> Teacher:
    """The network with its weights; whatever `Teacher.load` raises."""
    return Teacher.load(record.recipe, read(place, record.weights.sha256))


def read(place: Workplace, sha256: str) -> Checkpoint:
    """A checkpoint from the store."""
    return Checkpoint.from_bytes(place.artifacts.read(sha256))
