"""Beat: a file that a process touches as long as it gets on with its work, for another to watch."""

import time
from contextlib import suppress
from pathlib import Path


class Beat:
    """That of the process with this id, which works for who keeps everything in `data_dir`."""

    def __init__(self, data_dir: Path, pid: int) -> None:
        self._path = data_dir / "beats" / str(pid)

    def strike(self) -> None:
        """The process gets on; where nothing can be written, the watcher will think otherwise."""
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            self._path.touch()

    def age_seconds(self) -> float | None:
        """Time since the last one; None before the first."""
        try:
            return max(0.0, time.time() - self._path.stat().st_mtime)
        except OSError:
            return None

    def end(self) -> None:
        """The process has ended, so its file means nothing any more."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
