"""The first unit of a library without a data set: it makes images up, from the teacher alone."""

import shutil
from functools import partial
from typing import Any

from candidates.candidate import identity
from candidates.library import SAVED_EVERY
from candidates.progress import Progress
from candidates.savings import Savings
from candidates.synthetic import synthetic_dataset
from service.failures import ArtifactDamaged, ArtifactMissing
from service.jobs import materials
from service.jobs.registry import Workplace
from service.ledger import Write
from service.records import LibraryRecord
from service.repositories import libraries


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Keep the images as a data set has them, for all units of the library and its students.

    Those of another library are taken where they would be the same. Raises InvalidRecipe where
    images are to match a teacher without BatchNorm.
    """
    with place.database.reading() as session:
        library = libraries.get(session, payload["library"])
        known = libraries.images_like(session, library.id)
    sha256 = _kept(place, known) or _made(place, library, progress)
    return partial(libraries.note_images, library_id=library.id, sha256=sha256)


def _kept(place: Workplace, sha256: str | None) -> str | None:
    """The same, if the store still has that file."""
    try:
        return sha256 and place.artifacts.locate(sha256).name
    except (ArtifactMissing, ArtifactDamaged):
        return None


def _made(place: Workplace, library: LibraryRecord, progress: Progress) -> str:
    teacher = materials.teacher_of(place, library)
    wanted = library.recipe.model_dump(include=libraries.SHAPES_IMAGES)
    purpose = identity(synthesis=wanted, library=library.id)
    folder = place.artifacts.unfinished / purpose
    folder.mkdir(exist_ok=True)
    savings = Savings(folder / "state", SAVED_EVERY, purpose, place.saved)
    dataset = synthetic_dataset(teacher, library.recipe, progress, savings)
    with place.artifacts.scratch() as path:
        dataset.save(path)
        file = place.artifacts.adopt(path)
    shutil.rmtree(folder)
    return file.sha256
