"""Files of students: assembled by copying tensors, and each written once."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

from candidates.assembly import assemble
from candidates.candidate import Kept, identity
from candidates.checkpoint import Checkpoint
from service.artifacts import Artifacts
from service.checkpoint_cache import CheckpointCache
from service.failures import ArtifactMissing
from service.records import CandidateRecord, StoredFile, TeacherRecord

Chosen = Sequence[CandidateRecord]
MOST_REMEMBERED = 16_384
"""Of some 200 bytes each."""


class StudentFiles:
    """Assembles students from the store and keeps their files there.

    Many budgets lead to the same student. Which files were written lately is remembered, so that
    for an equal one nothing is assembled, hashed or written again.
    """

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts, self._parts = artifacts, CheckpointCache(artifacts)
        self._written: OrderedDict[str, StoredFile] = OrderedDict()
        self._lock = Lock()

    def put(self, teacher: TeacherRecord, chosen: Chosen, provenance: dict[str, Any]) -> StoredFile:
        """The student's file in the store. Raises ArtifactMissing, ArtifactDamaged, StoreFull,
        StoreUnavailable.
        """
        parts = [part.weights_sha256 for part in chosen]
        key = identity(teacher=network_of(teacher), parts=parts, provenance=provenance)
        known = self._known(key)
        if known is not None:
            return known
        file = self._artifacts.put(self.assembled(teacher, chosen, provenance).to_bytes())
        with self._lock:
            self._written[key] = file
            if len(self._written) > MOST_REMEMBERED:
                self._written.popitem(last=False)
        return file

    def assembled(
        self, teacher: TeacherRecord, chosen: Chosen, provenance: dict[str, Any]
    ) -> Checkpoint:
        """The file of the student of these candidates. Raises ArtifactMissing, ArtifactDamaged."""
        return assemble(
            self._parts.read(network_of(teacher)),
            [self._parts.read(part.weights_sha256) for part in chosen],
            _kept(chosen),
            provenance,
        )

    def _known(self, key: str) -> StoredFile | None:
        """Garbage collection may have taken it since."""
        file = self._written.get(key)
        if file is None:
            return None
        try:
            self._artifacts.place(file.sha256)
        except ArtifactMissing:
            return None
        return file


def network_of(teacher: TeacherRecord) -> str:
    """The digest of the teacher's own file."""
    assert teacher.network is not None, "a ready teacher has its own file"
    return teacher.network.sha256


def _kept(chosen: Chosen) -> Kept:
    return {width: channels for part in chosen for width, channels in part.candidate.kept.items()}
