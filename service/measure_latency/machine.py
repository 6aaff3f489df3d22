"""Machine: what runs networks here and reads the clock."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Protocol

Run = Callable[[], Any]
"""Runs something once."""


class Machine(Protocol):
    """A runtime on one of this machine's devices. Raises Refused where it cannot be used."""

    def setting(self, options: argparse.Namespace) -> dict[str, Any]:
        """How this measures."""

    def runs(self, kit: dict[str, Any], batch: int) -> tuple[dict[Any, Run], list[Any]]:
        """What runs the teacher and every network of a kit once; and which of them each part is."""

    def student(self, path: str, batch: int) -> Run:
        """What runs a student once, from its file."""

    def quiet(self) -> Any:
        """A context to measure in."""

    def seconds(self, run: Run, loops: int) -> float:
        """The mean of some runs one after the other."""
