"""The unit that gathers, in one pass of a teacher, what all neighbourhoods of a library need."""

from functools import partial
from typing import Any

from candidates.progress import Progress
from candidates.statistics import gather
from service.jobs import materials
from service.jobs.registry import Workplace
from service.ledger import Write
from service.repositories import libraries


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Keep the statistics as one safetensors file, and note how the teacher is cut."""
    library, teacher, dataset = materials.of_library(place, payload["library"])
    statistics = gather(teacher, dataset, library.recipe, progress)
    file = place.artifacts.put(statistics.to_checkpoint().to_bytes())
    gathered = libraries.Gathered(
        sha256=file.sha256,
        accuracy=statistics.teacher_accuracy,
        split=teacher.split,
        fixed_cost=teacher.fixed_cost,
    )
    return partial(libraries.note_statistics, library_id=library.id, gathered=gathered)
