"""Prediction's picture: predicted against measured accuracies, with their intervals."""

from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.picture import BLUE, GREY, ORANGE
from benchmarks.prediction_students import Students
from search.calibration import Calibration


def draw(shown: Calibration, students: Students, path: Path) -> None:
    """Write a PNG: random students each predicted without itself, exact ones from all random."""
    figure = Figure(figsize=(6, 5.5), layout="constrained")
    axes = figure.subplots()
    predictor = students.problem.with_measured(students.random).predictor
    exact = students.problem.with_measured(students.exact).observations
    told = [predictor.accuracy(predictor.loss(seen.nats)) for seen in exact]
    series = (
        ("random, each predicted without itself", BLUE,
         [(point.measured.value, point.predicted) for point in shown.points]),
        ("exact, predicted from all random", ORANGE,
         [(seen.accuracy.value, each) for seen, each in zip(exact, told, strict=True)]),
    )  # fmt: skip
    for label, colour, pairs in series:
        axes.errorbar(
            [measured for measured, _ in pairs],
            [each.value for _, each in pairs],
            yerr=[
                [each.value - each.low for _, each in pairs],
                [each.high - each.value for _, each in pairs],
            ],
            fmt="o", color=colour, markersize=4, linewidth=1, capsize=2, label=label,
        )  # fmt: skip
    ends = [min(axes.get_xlim()[0], axes.get_ylim()[0]), 100.0]
    axes.plot(ends, ends, color=GREY, linewidth=1, linestyle=":")
    axes.set(
        xlabel="measured accuracy / %",
        ylabel="predicted accuracy, 90 % interval / %",
        title=f"{shown.num_inside} of {len(shown.points)} random students inside",
    )
    axes.grid(visible=True, linewidth=0.4, alpha=0.5)
    axes.legend(loc="lower right", fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
