"""Bodies of calibrations."""

from pydantic import BaseModel, Field

from candidates.candidate import Cost, Estimate
from search.calibration import Calibration, CalibrationPoint
from search.predictor import Prediction
from service.bodies.common import LABELS_FROM
from service.records import LabelsFrom, MeasuredStudentRecord


class Tally(BaseModel):
    """Of how many predictions with an interval how many measured accuracies lay inside."""

    num_predicted: int
    num_inside: int
    share_inside: float | None = Field(description="Null while nothing was measured.")


class CalibratedStudent(BaseModel):
    """A measured student beside what was predicted of it; accuracies in percent."""

    student: str
    strategy: str
    cost: Cost
    loss: float = Field(description="Summed KL of the partial models, in nats.")
    measured: Estimate = Field(description="After the refit, on the reporting images.")
    promised: Prediction | None = Field(
        description="What was predicted when the student was made; null in students that were made "
        "before intervals were told."
    )
    promised_inside: bool | None
    from_others: Prediction = Field(
        description="What all other measured students tell of it today, itself left out."
    )
    from_others_inside: bool


class CalibrationBody(BaseModel):
    """How often measured students lay inside the interval that was predicted for them."""

    library: str
    coverage: float = Field(description="The share that should lie inside.")
    promised: Tally = Field(description="Of the predictions made with the students.")
    from_others: Tally = Field(
        description="Of predictions from the other measured students, which is how the next "
        "student's interval should fare."
    )
    labels_from: LabelsFrom = Field(description=LABELS_FROM)
    students: list[CalibratedStudent] = Field(
        description="Every measured student of a selection, oldest first; refined ones are left "
        "out, because they should be better than their candidates tell."
    )

    @classmethod
    def of(
        cls,
        library_id: str,
        labels_from: LabelsFrom,
        found: Calibration,
        records: list[MeasuredStudentRecord],
    ) -> "CalibrationBody":
        """What is shown of a calibration; `records` are of the same students in the same order."""
        students = [_shown(*pair) for pair in zip(records, found.points, strict=True)]
        return cls(
            library=library_id,
            coverage=found.coverage,
            promised=_tally([each.promised_inside for each in students]),
            from_others=_tally([each.from_others_inside for each in students]),
            labels_from=labels_from,
            students=students,
        )


def _shown(record: MeasuredStudentRecord, point: CalibrationPoint) -> CalibratedStudent:
    told = record.selection.predicted_accuracy
    promised = told if isinstance(told, Prediction) else None
    value = record.refitted.value
    return CalibratedStudent(
        student=record.id,
        strategy=record.strategy,
        cost=record.selection.cost,
        loss=record.selection.loss,
        measured=record.refitted,
        promised=promised,
        promised_inside=None if promised is None else promised.low <= value <= promised.high,
        from_others=point.predicted,
        from_others_inside=point.inside,
    )


def _tally(inside: list[bool | None]) -> Tally:
    known = [each for each in inside if each is not None]
    share = sum(known) / len(known) if known else None
    return Tally(num_predicted=len(known), num_inside=sum(known), share_inside=share)
