"""Curves: how loss and held-out accuracy went, as a picture."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from candidates.point import Point

INCHES = (8.0, 4.5)


def check_drawing(path: Path) -> None:
    """Raises ValueError without matplotlib, and for a name that is no picture's."""
    if find_spec("matplotlib") is None:
        raise ValueError(
            "Curves are drawn by matplotlib, which is not installed: run pip install matplotlib, "
            "or leave out --curves."
        )
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(f"'{path.name}' is no picture; its name must end in .png, .svg or .pdf.")


def draw(points: Sequence[Point], path: Path) -> None:
    """Loss on the left scale, accuracy in percent, where it was measured, on the right."""
    check_drawing(path)
    from matplotlib.figure import Figure  # optional, and slow to import

    figure = Figure(figsize=INCHES, layout="constrained")
    losses = figure.add_subplot()
    losses.plot([p.step for p in points], [p.loss for p in points], color="tab:blue")
    losses.set_xlabel("step")
    losses.set_ylabel("loss", color="tab:blue")
    measured = [(p.step, p.accuracy) for p in points if p.accuracy is not None]
    if measured:
        accuracies = losses.twinx()
        accuracies.plot(*zip(*measured, strict=True), color="tab:orange", marker=".")
        accuracies.set_ylabel("held-out accuracy, %", color="tab:orange")
    figure.savefig(path)
