"""Report: what a person is told of a pipeline's run."""

from collections.abc import Iterator
from dataclasses import dataclass

from candidates.candidate import Estimate
from search.predictor import Prediction
from service.bodies.curves import TradeOffCurve
from service.ci.gate import Verdict
from service.ci.outcome import Made, Outcome

HEADS = ("budget", "parameters", "predicted / %", "measured / %", "teacher / %", "since accepted")


@dataclass(frozen=True)
class Report:
    """`curve` is that of the library, `reuse` a sentence."""

    outcome: Outcome
    verdict: Verdict
    reuse: str
    curve: TradeOffCurve
    url: str

    @property
    def title(self) -> str:
        """Of the page."""
        return f"Students of {self.outcome.name}"

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """One for each student, under HEADS."""
        return [self._row(name, made) for name, made in self.outcome.students.items()]

    @property
    def sentences(self) -> Iterator[str]:
        """What should be known beside the verdict."""
        yield self.reuse
        if self.outcome.dataset is None:
            yield (
                "No image was read: these accuracies are agreement with the teacher on made-up "
                "images."
            )
        yield (
            f"Measured accuracies are those of refitted students on the reporting images, before "
            f"any fine-tuning. Teacher {self.outcome.teacher}, library {self.outcome.library} at "
            f"{self.url}."
        )

    def _row(self, name: str, made: Made) -> tuple[str, ...]:
        fall = self.verdict.falls.get(name)
        return (
            name, f"{made.parameters:,}", _predicted(made.predicted), _plus_minus(made.accuracy),
            _plus_minus(made.teacher), "new" if fall is None else str(fall),
        )  # fmt: skip


def _plus_minus(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ± {estimate.standard_error:.2f}"


def _predicted(predicted: Prediction | Estimate) -> str:
    if isinstance(predicted, Prediction):
        return f"{predicted.value:.1f} ({predicted.low:.1f} … {predicted.high:.1f})"
    return _plus_minus(predicted)
