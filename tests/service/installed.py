"""This code's commands, as if they were installed."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def installed(folder: Path) -> dict[str, str]:
    """The environment in which this code's commands are installed, into `folder`."""
    folder.mkdir()
    for name, starts in (("python", ""), ("student-search", " -m service.cli")):
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable}{starts} "$@"\n')
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
