"""Materials: what the database and the store hold, as the tensors that work needs."""

from functools import lru_cache
from typing import NamedTuple

from candidates.checkpoint import Checkpoint
from candidates.data import Dataset
from candidates.materials import Materials as CandidateMaterials
from candidates.recipe import Granularity
from candidates.statistics import Statistics
from candidates.teacher import Teacher
from service.artifacts import Artifacts
from service.jobs.registry import Workplace
from service.records import LibraryRecord
from service.repositories import datasets, libraries, teachers

_kept: dict[str, CandidateMaterials] = {}
"""Those of the latest library, by its id; they hold activations, so there is room for one."""


class Materials(NamedTuple):
    """What all units of a library, and the measurements of its students, work on."""

    library: LibraryRecord
    teacher: Teacher
    dataset: Dataset


def of_library(place: Workplace, library_id: str) -> Materials:
    """The teacher is cut at the library's granularity.

    Raises UnknownResource, ResourceNotReady, ArtifactMissing, ArtifactDamaged, and what
    `Teacher.load` raises. What was kept for candidates is let go: there is room for one.
    """
    _kept.clear()
    with place.database.reading() as session:
        library = libraries.get(session, library_id)
    return Materials(library, teacher_of(place, library), dataset_of(place, library))


def for_candidates(place: Workplace, library_id: str) -> CandidateMaterials:
    """What candidates are made from, with the activations where the last neighbourhood left them:
    the next unit is most often one of the same library. Raises what `of_library` does.
    """
    if library_id not in _kept:
        library, teacher, dataset = of_library(place, library_id)
        assert library.statistics_sha256 is not None, "the units before gathered them"
        statistics = Statistics.from_checkpoint(read(place, library.statistics_sha256))
        unfinished = place.artifacts.unfinished
        _kept[library_id] = CandidateMaterials(
            teacher, statistics, dataset, library.recipe, unfinished
        )
    return _kept[library_id]


def teacher_of(place: Workplace, library: LibraryRecord) -> Teacher:
    """A library's teacher, cut at its granularity; raises what `of_library` does."""
    with place.database.reading() as session:
        teacher = teachers.get_ready(session, library.teacher_id)
    assert teacher.network is not None
    return _teacher(place.artifacts, teacher.network.sha256, library.recipe.granularity)


def dataset_of(place: Workplace, library: LibraryRecord) -> Dataset:
    """Its data set, or the images that were made up in its place; raises what `of_library` does."""
    sha256 = library.images_sha256
    if library.dataset_id is not None:
        with place.database.reading() as session:
            sha256 = datasets.get_ready(session, library.dataset_id).sha256
    assert sha256 is not None, "a data set that is ready has a file, and so have made-up images"
    return Dataset.load(place.artifacts.locate(sha256))


@lru_cache(maxsize=1)
def _teacher(artifacts: Artifacts, sha256: str, granularity: Granularity) -> Teacher:
    """The latest is remembered: the next unit is most often one of the same library."""
    return Teacher.load(Checkpoint.from_bytes(artifacts.read(sha256)), granularity)


def read(place: Workplace, sha256: str) -> Checkpoint:
    """A checkpoint from the store."""
    return Checkpoint.from_bytes(place.artifacts.read(sha256))
