"""Selection: one candidate per neighbourhood, with its total cost and predicted accuracy."""

from candidates.candidate import Cost, Estimate
from candidates.value import Value


class Selection(Value):
    """`choices` are candidate ids in the order of the neighbourhoods.

    `loss` is the sum that was minimised (KL, in nats); `predicted_accuracy` is in percent.
    """

    choices: tuple[str, ...]
    cost: Cost
    loss: float
    predicted_accuracy: Estimate


class Trial(Value):
    """One proposal of an iterative strategy, whether or not it kept within the budget."""

    number: int
    choices: tuple[str, ...]
    loss: float
    feasible: bool


class Answer(Value):
    """What a strategy returns: the selection, and the trials it took, if it makes any."""

    selection: Selection
    trials: tuple[Trial, ...] = ()
