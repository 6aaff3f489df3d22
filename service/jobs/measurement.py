"""The unit that refits and measures a student."""

from functools import partial
from typing import Any

from candidates.measure import measure
from candidates.progress import Progress
from service.jobs import materials
from service.jobs.registry import Workplace
from service.ledger import Write
from service.repositories import measurements, students
from service.repositories.measurements import Measured


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Keep the refitted student beside the assembled one."""
    with place.database.reading() as session:
        measurement = measurements.get(session, payload["measurement"])
        student = students.get(session, measurement.student_id)
    library, teacher, dataset = materials.of_library(place, student.library_id)
    assembled = materials.read(place, student.file.sha256)
    found, refitted = measure(assembled, teacher, dataset, library.recipe, progress)
    measured = Measured(
        assembled=found.assembled,
        refitted=found.refitted,
        teacher=found.teacher,
        file=place.artifacts.put(refitted.to_bytes()),
    )
    return partial(measurements.finish, measurement_id=measurement.id, measured=measured)
