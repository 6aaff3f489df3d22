"""The unit that checks a teacher and cuts it into neighbourhoods."""

from functools import partial
from typing import Any

from candidates.progress import Progress
from service.jobs import materials
from service.jobs.registry import Workplace
from service.ledger import Write
from service.repositories import teachers


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """InvalidRecipe, InvalidCheckpoint, NonFiniteActivation, UnsplittableTeacher."""
    progress(0, 1)
    with place.database.reading() as session:
        record = teachers.get(session, payload["teacher"])
    teacher = materials.load_teacher(place, record)
    progress(1, 1)
    checked = teachers.CheckedTeacher(
        split=teacher.split, cost=teacher.cost, fixed_cost=teacher.fixed_cost
    )
    return partial(teachers.finish, teacher_id=record.id, checked=checked)
