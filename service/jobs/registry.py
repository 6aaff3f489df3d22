"""Which function does which kind of unit; the modules are imported when first needed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from candidates.progress import Progress, Saved, unnoted
from service.artifacts import Artifacts
from service.database import Database
from service.ledger import Write

KINDS = {
    "dataset": "service.jobs.dataset:run",
    "teacher": "service.jobs.teacher:run",
    "synthesis": "service.jobs.synthesis:run",
    "statistics": "service.jobs.statistics:run",
    "neighbourhood": "service.jobs.neighbourhood:run",
    "measurement": "service.jobs.measurement:run",
    "refinement": "service.jobs.refinement:run",
    "search": "service.jobs.search:run",
}
"""Kind of unit -> module:function that does it."""


@dataclass(frozen=True)
class Workplace:
    """What a unit may use; it calls `saved` when it has kept state for a successor."""

    database: Database
    artifacts: Artifacts
    saved: Saved = unnoted

    def of(self, owner_id: str) -> "Workplace":
        """The same for work of this owner's, who alone is seen."""
        return replace(self, database=self.database.of(owner_id))


Work = Callable[[Workplace, dict[str, Any], Progress], Write]
"""Takes a unit's payload, returns what is to be written when the unit is committed.

It may be run again after a crash at any point, so it changes nothing but the artifact store; or
it keeps rows of its own at once, which it finds when it is run again.
"""


def work_of(kind: str) -> Work:
    """Raises KeyError for a kind that nobody does."""
    module, function = KINDS[kind].split(":")
    work: Work = getattr(import_module(module), function)
    return work
