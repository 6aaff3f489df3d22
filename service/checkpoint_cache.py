"""The checkpoints that students are assembled from, kept in memory up to a limit."""

from collections import OrderedDict
from threading import Lock

from candidates.checkpoint import Checkpoint
from service.artifacts import Artifacts

MAX_BYTES = 128 * 2**20


class CheckpointCache:
    """The latest used checkpoints of the store; what they take together stays below a limit."""

    def __init__(self, artifacts: Artifacts, max_bytes: int = MAX_BYTES) -> None:
        self._artifacts, self._max_bytes = artifacts, max_bytes
        self._kept: OrderedDict[str, tuple[Checkpoint, int]] = OrderedDict()
        self._num_bytes = 0
        self._lock = Lock()

    def read(self, sha256: str) -> Checkpoint:
        """Raises ArtifactMissing, ArtifactDamaged."""
        with self._lock:
            if sha256 in self._kept:
                self._kept.move_to_end(sha256)
                return self._kept[sha256][0]
        data = self._artifacts.read(sha256)
        checkpoint = Checkpoint.from_bytes(data)
        with self._lock:
            self._keep(sha256, checkpoint, len(data))
        return checkpoint

    def _keep(self, sha256: str, checkpoint: Checkpoint, num_bytes: int) -> None:
        if sha256 in self._kept:  # another thread was quicker
            return
        self._kept[sha256] = (checkpoint, num_bytes)
        self._num_bytes += num_bytes
        while self._num_bytes > self._max_bytes:
            _, (_, freed) = self._kept.popitem(last=False)
            self._num_bytes -= freed
