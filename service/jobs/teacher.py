"""The unit that takes a teacher in: any kind of file becomes the teacher's own, checked and cut."""

import logging
from functools import partial
from typing import Any

from candidates.progress import Progress
from candidates.sources.intake import intake
from service import coverage
from service.jobs.registry import Workplace
from service.ledger import Write
from service.repositories import teachers

log = logging.getLogger(__name__)


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """InvalidRecipe, InvalidCheckpoint, InvalidProgram, NonFiniteActivation, UnsplittableTeacher.

    The log tells how much of the teacher can shrink.
    """
    progress(0, 1)
    with place.database.reading() as session:
        record = teachers.get(session, payload["teacher"])
    teacher = intake(record.recipe, place.artifacts.locate(record.weights.sha256))
    progress(1, 1)
    log.info("Teacher %s: %s", record.id, coverage.report(teacher.split))
    checked = teachers.CheckedTeacher(
        network=place.artifacts.put(teacher.checkpoint.to_bytes()),
        num_classes=teacher.num_classes,
        split=teacher.split,
        cost=teacher.cost,
        fixed_cost=teacher.fixed_cost,
    )
    return partial(teachers.finish, teacher_id=record.id, checked=checked)
