"""Problem: the scored candidates of a library, as the strategies see them."""

from collections.abc import Sequence
from functools import cached_property

from candidates.candidate import Cost, Estimate, Score
from candidates.value import Value
from search.decay import Observation
from search.predictor import Predictor, cold_start, corrected


class Choice(Value):
    """One candidate that a selection may take."""

    id: str
    kind: str = "width"
    cost: Cost
    score: Score


class MeasuredStudent(Value):
    """The candidates of a student, in order, and its accuracy in percent after the refit."""

    choices: tuple[str, ...]
    accuracy: Estimate


class Problem(Value):
    """One candidate is to be taken from every neighbourhood.

    `fixed` is the cost of what lies outside all neighbourhoods, `teacher_accuracy` a percentage
    on the scoring images, `chance` that of a network which guesses, where it is known; `measured`
    are students of these candidates.
    """

    neighbourhoods: tuple[tuple[Choice, ...], ...]
    fixed: Cost
    teacher_accuracy: float
    chance: float = 0.0
    measured: tuple[MeasuredStudent, ...] = ()

    @cached_property
    def predictor(self) -> Predictor:
        """Tells what a student of some loss should reach, from all that was measured."""
        return corrected(self.cold_start, self.observations)

    @cached_property
    def cold_start(self) -> Predictor:
        """What the candidates alone tell."""
        return cold_start(
            self.teacher_accuracy,
            self.chance,
            [[choice.score for choice in choices] for choices in self.neighbourhoods],
        )

    @cached_property
    def losses(self) -> tuple[tuple[float, ...], ...]:
        """What every choice adds to the loss of a selection, by neighbourhood: its weighted KL."""
        return tuple(
            tuple(weight * choice.score.kl.value for choice in choices)
            for weight, choices in zip(self.predictor.weights, self.neighbourhoods, strict=True)
        )

    def loss(self, picks: Sequence[Choice]) -> float:
        """Of the student made of `picks`, one of each neighbourhood in order."""
        return self.predictor.loss([pick.score.kl.value for pick in picks])

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        """The measured students, each by the KLs of its candidates."""
        nats = {choice.id: choice.score.kl.value for each in self.neighbourhoods for choice in each}
        return tuple(
            Observation(tuple(nats[choice] for choice in student.choices), student.accuracy)
            for student in self.measured
        )

    def with_measured(self, students: Sequence[MeasuredStudent]) -> "Problem":
        """The same candidates after these students were measured.

        `model_copy` will not do: it takes along what was found out from those before.
        """
        return Problem(
            neighbourhoods=self.neighbourhoods,
            fixed=self.fixed,
            teacher_accuracy=self.teacher_accuracy,
            chance=self.chance,
            measured=tuple(students),
        )

    def __hash__(self) -> int:
        """Cheap, so that what was found out about a problem can be remembered by it."""
        first = self.neighbourhoods[0][0].id
        return hash((self.fixed, self.teacher_accuracy, first, len(self.measured)))
