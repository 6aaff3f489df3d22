"""Outcome: what became of one wish for a student, in the table that a person reads."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from candidates.candidate import Cost, Estimate
from candidates.value import Value
from search.predictor import Prediction

HEADINGS = (
    "Budget", "Parameters", "MACs", "Predicted", "Measured", "Refitted", "Uniform",
    "Uniform\nrefitted",
)  # fmt: skip


class Measured(Value):
    """Accuracies in percent on the reporting images, as the service measured them."""

    assembled: Estimate
    refitted: Estimate
    teacher: Estimate


class Rebuilt(Value):
    """Accuracies in percent of the downloaded files, each rebuilt in a process of its own."""

    assembled: float
    refitted: float


class Outcome(Value):
    """A student of a share of its teacher's parameters, by one strategy."""

    share: float
    strategy: str
    cost: Cost
    predicted: Prediction | Estimate
    measured: Measured
    rebuilt: Rebuilt | None = None


def show(console: Console, outcomes: Sequence[Outcome], title: str) -> None:
    """One row a budget: the exact selection, and the uniform one at the same budget."""
    table = Table(title=title, caption=_caption(outcomes), box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    uniform = {o.share: o.measured for o in outcomes if o.strategy == "uniform"}
    for outcome in outcomes:
        if outcome.strategy == "exact" and outcome.rebuilt is not None:
            beside = uniform[outcome.share]
            table.add_row(
                f"{outcome.share:.0%}",
                f"{outcome.cost.parameters:,}",
                f"{outcome.cost.macs / 1e6:.1f} M",
                f"{outcome.predicted.value:.1f} ± {outcome.predicted.standard_error:.1f}",
                f"{outcome.rebuilt.assembled:.1f}",
                f"{outcome.rebuilt.refitted:.1f}",
                f"{beside.assembled.value:.1f}",
                f"{beside.refitted.value:.1f}",
            )
    console.print(table)


def _caption(outcomes: Sequence[Outcome]) -> str:
    teacher = outcomes[0].measured.teacher
    return (
        f"Accuracies in percent; the teacher has {teacher.value:.1f} ± "
        f"{teacher.standard_error:.1f}. Predicted on the scoring images; measured on the reporting "
        "images, no image in both, from the downloaded files rebuilt in processes of their own. "
        "Uniform: the largest single multiplier that fits the budget. No student was fine-tuned."
    )
