"""A private PostgreSQL server for the tests, in a folder of its own, on a local socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER = "postgres"


def find_binaries() -> Path | None:
    """The folder of initdb and pg_ctl, also where Debian hides them."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def server(binaries: Path) -> Iterator[str]:
    """Yields the URL of the server's first database; root lets another user run the server."""
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="student-search-pg-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        _run(user, binaries / "initdb", "-D", folder / "data", "-U", OWNER, "-A", "trust", "-N")
        options = f"-c listen_addresses='' -c fsync=off -k {folder}"
        control = (binaries / "pg_ctl", "-D", folder / "data", "-w")
        _run(user, *control, "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://{OWNER}@/postgres?host={folder}"
        finally:
            _run(user, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def restart(binaries: Path, url: str) -> None:
    """As when the machine restarts: sessions end in the middle of what they do."""
    folder = Path(url.partition("?host=")[2])
    control = (binaries / "pg_ctl", "-D", folder / "data", "-w", "-m", "immediate")
    _run(_unprivileged_user(), *control, "-l", folder / "log", "restart")


def _unprivileged_user() -> str | None:
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(user: str | None, *command: object) -> None:
    subprocess.run(
        [str(part) for part in command],
        user=user,
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
