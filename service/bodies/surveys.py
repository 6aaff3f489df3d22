"""Bodies of surveys."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from candidates.candidate import Cost, Estimate
from search.predictor import Prediction
from service.bodies.common import Worked, worked_fields
from service.records import Outcome, StudentRecord, SurveyRecord
from service.survey_settings import SurveySettings


class NewSurveyBody(SurveySettings):
    """Which students are to be measured; every setting has a default."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"count": 12}, {"budget": {"parameters": "50%"}, "top": 8}]}
    )

    @property
    def settings(self) -> SurveySettings:
        """The settings alone."""
        return SurveySettings.model_validate(self.model_dump())


class SurveyedStudent(BaseModel):
    """A student of a survey; the prediction is the one that was made with the student."""

    student: str
    cost: Cost
    predicted_accuracy: Prediction | Estimate = Field(description="In percent.")
    state: Outcome | None = Field(description="Of its measurement.")
    measured_accuracy: Estimate | None = Field(
        description="After the refit, in percent on the reporting images; known once measured."
    )


class SurveyBody(Worked):
    """Students spread over a library, which one job measures so that predictions can learn."""

    library: str
    settings: SurveySettings
    num_measured: int
    students: list[SurveyedStudent]

    @classmethod
    def of(
        cls,
        record: SurveyRecord,
        students: Mapping[str, StudentRecord],
        note: str | None = None,
    ) -> "SurveyBody":
        """What is shown of a record and its students, by their ids."""
        shown = [_shown(students[each]) for each in record.student_ids if each in students]
        return cls(
            **worked_fields(record),
            library=record.library_id,
            settings=record.settings,
            num_measured=sum(each.state == "ready" for each in shown),
            students=shown,
            note=note,
        )


def _shown(student: StudentRecord) -> SurveyedStudent:
    measurement = student.measurement
    return SurveyedStudent(
        student=student.id,
        cost=student.selection.cost,
        predicted_accuracy=student.selection.predicted_accuracy,
        state=None if measurement is None else measurement.outcome,
        measured_accuracy=None if measurement is None else measurement.refitted,
    )
