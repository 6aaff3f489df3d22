"""Bodies of refinements."""

from pydantic import BaseModel, ConfigDict, Field

from candidates.candidate import Estimate
from candidates.refinement_settings import RefinementSettings
from service.bodies.common import Worked, worked_fields
from service.records import Better, RefinementRecord, is_significant


class NewRefinementBody(RefinementSettings):
    """How much more work a student is to be given."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"steps": 500}]})

    @property
    def settings(self) -> RefinementSettings:
        """The settings alone."""
        return RefinementSettings.model_validate(self.model_dump())


class RefinementBody(Worked):
    """More work on a student; what it makes is another student, better or not."""

    student: str = Field(description="What is refined; it never changes.")
    settings: RefinementSettings
    before: Estimate | None = Field(
        description="Accuracy of the best file that the student had, in percent."
    )
    after: Estimate | None = Field(description="Accuracy of the result, on the same images.")
    gain: Estimate | None = Field(
        description="In points, with the standard error of the difference image by image."
    )
    result: str | None = Field(description="Id of the student that was made.")
    is_better: bool | None = Field(
        description="Whether the gain is more than two of its standard errors."
    )
    verdict: str | None = Field(description="The same as a sentence.")

    @classmethod
    def of(cls, record: RefinementRecord, note: str | None = None) -> "RefinementBody":
        """What is shown of a record."""
        gain = record.gain
        return cls(
            **worked_fields(record),
            student=record.student_id,
            settings=record.settings,
            before=record.before,
            after=record.after,
            gain=gain,
            result=record.result_id,
            is_better=None if gain is None else is_significant(gain),
            verdict=None if gain is None else _verdict(gain),
            note=note,
        )


class BetterBody(BaseModel):
    """A student that came of this one and measured significantly better; nobody is given it who
    does not ask for it.
    """

    student: str
    accuracy: Estimate = Field(description="Of the better one, in percent on the reporting images.")
    own_accuracy: Estimate = Field(description="Of the best of this student's own files.")
    gain: Estimate = Field(
        description="The difference in points. Its standard error is that of the difference image "
        "by image where a refinement measured both, else of two independent accuracies."
    )

    @classmethod
    def of(cls, record: Better) -> "BetterBody":
        """What is shown of a record."""
        return cls(
            student=record.student_id,
            accuracy=record.accuracy,
            own_accuracy=record.own_accuracy,
            gain=record.gain,
        )


def _verdict(gain: Estimate) -> str:
    figures = f"{gain.value:+.2f} points with a standard error of {gain.standard_error:.2f}"
    if is_significant(gain):
        return f"The result is better: {figures}. Both students are kept."
    return (
        f"The result is not significantly better: {figures}, and more than two standard errors "
        "are asked for. Both students are kept."
    )
