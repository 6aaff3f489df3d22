"""Bodies of answers: what a strategy says of the student that it selected."""

from pydantic import BaseModel, Field

from candidates.candidate import Cost, Estimate
from search.budget import Axis
from search.predictor import Prediction
from search.selection import Answer, Selection, Status


class SelectionBody(BaseModel):
    """A selection that nobody has made a student of."""

    candidates: tuple[str, ...] = Field(description="Ids, from input to output.")
    cost: Cost
    loss: float = Field(description="Summed KL of the partial models, in nats.")
    predicted_accuracy: Prediction | Estimate = Field(description="In percent.")

    @classmethod
    def of(cls, selection: Selection) -> "SelectionBody":
        """What is shown of a selection."""
        return cls(
            candidates=selection.choices,
            cost=selection.cost,
            loss=selection.loss,
            predicted_accuracy=selection.predicted_accuracy,
        )


class AnswerBody(BaseModel):
    """How good a selection is, and what came next."""

    slack: dict[Axis, float] = Field(
        description="How far the student stays below each limit, in the limit's unit."
    )
    binding: Axis | None = Field(
        description="The limit that forbids the most exchanges of one candidate for a better one; "
        "null where no limit forbids any."
    )
    gap: float | None = Field(
        description="By what part of itself what was minimised may lie above the best there is: 0 "
        "is proven to be the best; null where the strategy proves nothing."
    )
    status: Status = Field(
        description="optimal is proven; time_limit is the best that was found by then; heuristic "
        "proves nothing."
    )
    runner_up: SelectionBody | None = Field(description="The next best distinct selection.")
    others: list[SelectionBody] = Field(description="All next best ones, as many as were wanted.")
    seconds: float = Field(description="How long the search took.")

    @classmethod
    def of(cls, answer: Answer) -> "AnswerBody":
        """What is shown of an answer."""
        others = [SelectionBody.of(each) for each in answer.others]
        return cls(
            slack=answer.slack,
            binding=answer.binding,
            gap=answer.gap,
            status=answer.status,
            runner_up=others[0] if others else None,
            others=others,
            seconds=answer.seconds,
        )
