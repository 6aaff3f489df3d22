"""Inspection: whether the store has every file that the database refers to, whole."""

from collections.abc import Iterator

from service.artifacts import Artifacts
from service.database import Database
from service.failures import ArtifactDamaged, ArtifactMissing
from service.repositories import references


def troubles(database: Database, artifacts: Artifacts) -> Iterator[str]:
    """A sentence for each file that is missing or damaged, with what it belongs to; all are read.

    Raises StoreUnavailable.
    """
    with database.reading() as session:
        wanted = sorted(references.all_of(session))
    for sha256 in wanted:
        try:
            artifacts.locate(sha256)
        except (ArtifactMissing, ArtifactDamaged) as exc:
            with database.reading() as session:
                places = list(references.places(session, sha256))
            if places:  # else what it belonged to was deleted in the meantime
                yield f"{exc} It is: {', '.join(places)}."
