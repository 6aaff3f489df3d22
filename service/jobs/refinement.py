"""The unit that refines a student."""

from functools import partial
from typing import Any

from candidates.progress import Progress
from candidates.refinement import Refinement
from service.jobs import materials
from service.jobs.registry import Workplace
from service.ledger import Write
from service.repositories import refinements, students
from service.repositories.refinements import Refined


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """The new student's file goes to the store, its row into the unit's commit."""
    with place.database.reading() as session:
        record = refinements.get(session, payload["refinement"])
        student = students.get(session, record.student_id)
    library, teacher, dataset = materials.of_library(place, student.library_id)
    refinement = Refinement(
        teacher, dataset, library.recipe, record.settings, place.artifacts.unfinished
    )
    refitted = student.measurement.file if student.measurement else None
    found = refinement.run(
        materials.read(place, student.file.sha256),
        [materials.read(place, refitted.sha256)] if refitted else [],
        progress,
    )
    file = place.artifacts.put(found.checkpoint.to_bytes())
    refined = Refined(file=file, **dict(found.comparison))
    return partial(refinements.finish, refinement_id=record.id, refined=refined)
