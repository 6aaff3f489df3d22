"""Curve picture: a trade-off curve as a person wants to see it.

Colours are those of Okabe & Ito (2008), which the colour-blind tell apart; lines and marks differ
in shape too.
"""

import io
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from search.budget import CostAxis
from service.bodies.curves import CurvePoint, MeasuredPoint, TradeOffCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#4D4D4D"
MARKS = {
    "exact": ("o", BLUE),
    "uniform": ("s", ORANGE),
    "greedy": ("^", GREEN),
    "threshold": ("v", "#56B4E9"),
}
OTHER_MARK = ("D", PURPLE)
UNITS: dict[CostAxis, tuple[str, str]] = {
    "parameters": ("parameters", ""),
    "macs": ("multiply-accumulates for one image", ""),
    "bytes": ("size of the weights", "B"),
    "latency_ms": ("latency", "s"),
}
INCHES, DOTS_PER_INCH = (8.0, 5.0), 150
DEPTH = 30.0
"""Points below the teacher that are always shown; further down only what was measured."""
STYLE: Any = {
    "font.size": 10,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "svg.hashsalt": "trade-off curve",  # equal curves are equal files
}
_drawing = Lock()  # matplotlib's settings are the process's


def picture_of(curve: TradeOffCurve, format: Literal["svg", "png"]) -> bytes:
    """Accuracy in percent against the cost, absolute and as a share of the teacher's."""
    from matplotlib import rc_context  # slow to import, so only where a picture is wanted
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with _drawing, rc_context(STYLE):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        _teacher(axes, curve)
        _band(axes, curve)
        _line(axes, curve, curve.points, BLUE, "exact selection, predicted")
        _line(axes, curve, curve.uniform, ORANGE, "uniform multiplier, predicted")
        _students(axes, curve)
        _dress(axes, curve)
        metadata = {"Date": None} if format == "svg" else None
        figure.savefig(file, format=format, dpi=DOTS_PER_INCH, metadata=metadata)
    return file.getvalue()


def _on(curve: TradeOffCurve, points: Sequence[CurvePoint | MeasuredPoint]) -> list[float]:
    """Costs in the unit of the scale."""
    factor = 1e-3 if curve.axis == "latency_ms" else 1
    return [factor * getattr(point.cost, curve.axis) for point in points]


def _whole(curve: TradeOffCurve) -> float:
    return float(getattr(curve.teacher_cost, curve.axis)) * (
        1e-3 if curve.axis == "latency_ms" else 1
    )


def _teacher(axes: "Axes", curve: TradeOffCurve) -> None:
    accuracy = curve.teacher_accuracy.value
    axes.axhline(accuracy, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
    axes.plot(
        [_whole(curve)], [accuracy], color=GREY, marker="*", markersize=13, linestyle="none",
        label=f"teacher, {accuracy:.1f} %", zorder=5,
    )  # fmt: skip


def _band(axes: "Axes", curve: TradeOffCurve) -> None:
    predictions = [point.predicted_accuracy for point in curve.points]
    axes.fill_between(
        _on(curve, curve.points),
        [each.low for each in predictions],
        [each.high for each in predictions],
        step="post", color=BLUE, alpha=0.15, linewidth=0, label="90 % interval",
    )  # fmt: skip


def _line(
    axes: "Axes", curve: TradeOffCurve, points: Sequence[CurvePoint], colour: str, label: str
) -> None:
    """In steps: between two points a budget buys no more than the cheaper one."""
    axes.plot(
        _on(curve, points),
        [point.predicted_accuracy.value for point in points],
        color=colour, linewidth=1.8, label=label,
        drawstyle="steps-post", linestyle="-" if points is curve.points else "--",
    )  # fmt: skip


def _students(axes: "Axes", curve: TradeOffCurve) -> None:
    for strategy in sorted({student.strategy for student in curve.measured}):
        students = [each for each in curve.measured if each.strategy == strategy]
        marker, colour = MARKS.get(strategy, OTHER_MARK)
        axes.errorbar(
            _on(curve, students),
            [each.measured_accuracy.value for each in students],
            yerr=[each.measured_accuracy.standard_error for each in students],
            fmt=marker, color=colour, markeredgecolor="white", markersize=7, capsize=3,
            linewidth=1.2, label=f"{strategy}, measured ± standard error", zorder=4,
        )  # fmt: skip


def _dress(axes: "Axes", curve: TradeOffCurve) -> None:
    from matplotlib.ticker import EngFormatter, MaxNLocator, PercentFormatter

    whole, (name, unit) = _whole(curve), UNITS[curve.axis]
    axes.set_xlim(0, 1.03 * whole)
    axes.set_ylim(*_limits(curve))
    axes.xaxis.set_major_formatter(EngFormatter(unit=unit, sep="\N{NO-BREAK SPACE}"))
    axes.set(xlabel=name, ylabel="accuracy / %")
    share = axes.secondary_xaxis("top", functions=(_times(1 / whole), _times(whole)))
    share.xaxis.set_major_locator(MaxNLocator(11))
    share.xaxis.set_major_formatter(PercentFormatter(1.0, symbol="\N{NO-BREAK SPACE}%"))
    share.set_xlabel(f"{name}, share of the teacher's")
    axes.grid(visible=True, linewidth=0.5, color="#D9D9D9")
    axes.set_axisbelow(True)
    axes.legend(loc="lower right", fontsize=9, framealpha=0.9)


def _times(factor: float) -> Callable[[Any], Any]:
    return lambda values: factor * values


def _limits(curve: TradeOffCurve) -> tuple[float, float]:
    """Of the scale of accuracies: the steep end of a curve would press all else together."""
    teacher = curve.teacher_accuracy.value
    lines = [point.predicted_accuracy.low for point in (*curve.points, *curve.uniform)]
    measured = [point.measured_accuracy.value for point in curve.measured]
    lowest = max(min(lines), teacher - DEPTH)
    highest = max([teacher, *measured, *(p.predicted_accuracy.high for p in curve.points)])
    bottom = min([lowest, *measured])
    margin = 0.05 * (highest - bottom) or 1.0
    return max(bottom - margin, 0.0), highest + margin
