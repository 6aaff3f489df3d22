"""Selection: one candidate per neighbourhood, with its total cost and predicted accuracy."""

from typing import Literal

from pydantic import Field

from candidates.candidate import Cost, Estimate
from candidates.value import Value
from search.budget import Axis
from search.predictor import Prediction

Status = Literal["optimal", "time_limit", "heuristic"]


class Selection(Value):
    """`choices` are candidate ids in the order of the neighbourhoods.

    `loss` is the sum that was minimised (`Problem.loss`); `predicted_accuracy` is in percent,
    without an interval in students that were made before intervals were told.
    """

    choices: tuple[str, ...]
    cost: Cost
    loss: float
    predicted_accuracy: Prediction | Estimate


class Trial(Value):
    """One proposal of an iterative strategy, whether or not it kept within the budget."""

    number: int
    choices: tuple[str, ...]
    loss: float
    feasible: bool


class Answer(Value):
    """What a strategy returns: the selection, the word on how good it is, and its trials."""

    selection: Selection
    slack: dict[Axis, float] = Field(
        default={}, description="How far the student stays below each limit, in the limit's unit."
    )
    binding: Axis | None = Field(
        default=None,
        description="The limit that forbids the most exchanges of one candidate for a better one.",
    )
    gap: float | None = Field(
        default=None,
        description="By what part of itself what was minimised may lie above the best there is: "
        "0 is proven to be the best; null where the strategy proves nothing.",
    )
    status: Status = Field(
        default="heuristic",
        description="optimal is proven; time_limit is what was found by then; heuristic proves "
        "nothing.",
    )
    others: tuple[Selection, ...] = Field(
        default=(), description="The next best distinct selections, best first."
    )
    seconds: float = Field(default=0.0, description="How long the search took.")
    trials: tuple[Trial, ...] = ()

    @property
    def runner_up(self) -> Selection | None:
        """The next best distinct selection, if there is one."""
        return self.others[0] if self.others else None
