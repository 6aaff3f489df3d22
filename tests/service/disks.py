"""Disks that are full, or that nobody may write to, for the tests."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

Filled = Callable[[], AbstractContextManager[None]]
SIZE_BYTES = 16 * 2**20


@contextmanager
def small_disk(folder: Path) -> Iterator[Filled]:
    """Let this folder be a disk of its own; it gives what fills it, for as long as a block runs.

    Only root may mount one. For others every new temporary folder then has a place that takes
    nothing, which the kernel offers everybody.
    """
    if os.geteuid() != 0 or not _mount(folder):
        yield lambda: patch("tempfile.TemporaryDirectory", _FullFolder)
        return
    try:
        yield lambda: _ballast(folder / "ballast")
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Root may write everywhere, so while this lasts the tests are somebody else."""
    stores = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in stores:
        path.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(user)
        for path in stores:
            path.chmod(0o755)


def _mount(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", folder]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


@contextmanager
def _ballast(path: Path) -> Iterator[None]:
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        path.unlink()


class _FullFolder(tempfile.TemporaryDirectory[str]):
    def __enter__(self) -> str:
        (Path(self.name) / "file").symlink_to("/dev/full")
        return self.name
