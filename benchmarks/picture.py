"""Picture: the trade-off curve, the uniform baseline beside it, and what was really measured."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from benchmarks.outcome import Outcome
from service.bodies.curves import CurvePoint, TradeOffCurve

BLUE, ORANGE, GREY = "#1f5fa8", "#d9730d", "#6b6b6b"


def draw(curve: TradeOffCurve, outcomes: Sequence[Outcome], title: str, path: Path) -> None:
    """Write a PNG: parameters on a logarithmic axis against accuracy in percent."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    axes.axhline(curve.teacher_accuracy.value, color=GREY, linewidth=1, linestyle=":")
    axes.scatter(
        [curve.teacher_cost.parameters],
        [curve.teacher_accuracy.value],
        color=GREY, marker="*", s=90, zorder=4, label="teacher (scoring images)",
    )  # fmt: skip
    _line(axes, curve.points, BLUE, "steps-post", "exact selection, predicted")
    _line(axes, curve.uniform, ORANGE, "default", "uniform multiplier, predicted")
    _measured(axes, [outcome for outcome in outcomes if outcome.strategy == "exact"], BLUE)
    _measured(axes, [outcome for outcome in outcomes if outcome.strategy == "uniform"], ORANGE)
    _dress(axes, title)
    figure.savefig(path, dpi=150)


def _line(
    axes: Axes, points: Sequence[CurvePoint], colour: str, drawstyle: str, label: str
) -> None:
    axes.plot(
        [point.cost.parameters for point in points],
        [point.predicted_accuracy.value for point in points],
        color=colour, drawstyle=drawstyle, linewidth=1.5, label=label,
    )  # fmt: skip


def _measured(axes: Axes, outcomes: Sequence[Outcome], colour: str) -> None:
    if not outcomes:
        return
    sizes = [outcome.cost.parameters for outcome in outcomes]
    name = outcomes[0].strategy
    marks = (("assembled", "none", "o"), ("refitted", colour, "s"))
    for kind, face, marker in marks:
        estimates = [getattr(outcome.measured, kind) for outcome in outcomes]
        axes.errorbar(
            sizes,
            [estimate.value for estimate in estimates],
            yerr=[estimate.standard_error for estimate in estimates],
            fmt=marker, color=colour, markerfacecolor=face, markersize=6, capsize=3,
            linewidth=1, label=f"{name}, measured {kind}", zorder=3,
        )  # fmt: skip


def _dress(axes: Axes, title: str) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="parameters", ylabel="accuracy / %", title=title)
    axes.grid(visible=True, which="both", linewidth=0.4, alpha=0.5)
    axes.legend(loc="lower right", fontsize="small")
