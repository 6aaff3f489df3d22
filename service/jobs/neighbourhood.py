"""The unit that makes and scores all candidates of one neighbourhood."""

from functools import partial
from typing import Any

from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.library import Made, make_candidates
from candidates.progress import Progress
from service.failures import ArtifactDamaged, ArtifactMissing
from service.jobs import materials
from service.jobs.registry import Workplace
from service.ledger import Write
from service.repositories import candidates
from service.repositories.candidates import NewCandidate


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Weights go to the store at once, the rows into the unit's commit."""
    given = materials.for_candidates(place, payload["library"])
    harvest = make_candidates(
        given,
        next(part for part in given.teacher.split.neighbourhoods if part.index == payload["index"]),
        partial(_known, place),
        progress,
        place.saved,
    )
    new = [_keep(place, made) for made in harvest.made]
    return partial(
        candidates.add_all,
        library_id=payload["library"],
        neighbourhood_index=payload["index"],
        made=new,
        omitted=harvest.omitted,
    )


def _known(place: Workplace, identity: str) -> tuple[Checkpoint, Kept] | None:
    """A candidate of any library; one whose weights were lost is made again."""
    with place.database.reading() as session:
        found = candidates.known(session, identity)
    if found is None:
        return None
    sha256, kept = found
    try:
        return materials.read(place, sha256), kept
    except (ArtifactMissing, ArtifactDamaged):
        return None


def _keep(place: Workplace, made: Made) -> NewCandidate:
    file = place.artifacts.put(made.weights.to_bytes())
    return NewCandidate(
        identity=made.identity, candidate=made.candidate, weights_sha256=file.sha256
    )
