"""Problem: the scored candidates of a library, as the strategies see them."""

from candidates.candidate import Cost, Score
from candidates.value import Value


class Choice(Value):
    """One candidate that a selection may take."""

    id: str
    cost: Cost
    score: Score


class Problem(Value):
    """One candidate is to be taken from every neighbourhood.

    `fixed` is the cost of what lies outside all neighbourhoods, `teacher_accuracy` a percentage
    on the scoring images.
    """

    neighbourhoods: tuple[tuple[Choice, ...], ...]
    fixed: Cost
    teacher_accuracy: float

    def __hash__(self) -> int:
        """Cheap, so that what was found out about a problem can be remembered by it."""
        return hash((self.fixed, self.teacher_accuracy, self.neighbourhoods[0][0].id))
