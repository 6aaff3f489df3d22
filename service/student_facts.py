"""Student facts: what the service knows of a student, in words for its model card."""

from collections.abc import Sequence

from candidates.candidate import Cost, Estimate
from candidates.export.facts import Facts, Section
from search.predictor import Prediction
from service.records import CandidateRecord, StudentRecord, TeacherRecord

LABELS = {
    "dataset": "right by the labels of the images",
    "teacher": "right where the teacher says the same",
}


def student_facts(
    student: StudentRecord, teacher: TeacherRecord, chosen: Sequence[CandidateRecord]
) -> Facts:
    """Costs and accuracies beside the teacher's, what it was chosen for, and of what it is made."""
    assert teacher.cost is not None, "a ready teacher has been measured"
    return Facts(
        title=f"Student of {teacher.name}",
        licence=teacher.licence,
        sections=(
            Section.of("Accuracy", _accuracies(student)),
            Section.of("Costs, and the teacher's", _costs(student.selection.cost, teacher.cost)),
            Section.of("Origin", _origin(student, teacher)),
            Section.of("Parts", {part.candidate.neighbourhood: _part(part) for part in chosen}),
        ),
    )


def _accuracies(student: StudentRecord) -> dict[str, str]:
    rows = {"Predicted": _shown(student.selection.predicted_accuracy)}
    measured = student.measurement
    if measured is not None and measured.state == "ready":
        found = {
            "Measured as assembled": measured.assembled,
            "Measured after the refit": measured.refitted,
            "Teacher, on the same images": measured.teacher,
        }
        rows |= {name: _shown(each) for name, each in found.items() if each is not None}
    return {**rows, "Counted as": LABELS[student.labels_from]}


def _shown(accuracy: Prediction | Estimate) -> str:
    shown = f"{accuracy.value:.2f} ± {accuracy.standard_error:.2f} %"
    if isinstance(accuracy, Prediction):
        shown += f", with 90 % certainty from {accuracy.low:.2f} to {accuracy.high:.2f} %"
    return shown


def _costs(student: Cost, teacher: Cost) -> dict[str, str]:
    theirs = teacher.model_dump()
    return {
        axis: f"{value:,} of {theirs[axis]:,}" if axis in theirs else f"{value:,}"
        for axis, value in student.model_dump().items()
    }


def _origin(student: StudentRecord, teacher: TeacherRecord) -> dict[str, str]:
    wanted = student.budget.model_dump(exclude_none=True)
    return {
        "Student": student.id,
        "Made by": student.origin,
        "Library": student.library_id,
        "Teacher": f"{teacher.name} ({teacher.id})",
        "Wanted": ", ".join(f"{axis} at most {limit}" for axis, limit in wanted.items()),
        "Strategy": student.strategy,
    }


def _part(part: CandidateRecord) -> str:
    knobs = ", ".join(f"{name} {value}" for name, value in part.candidate.knobs.items())
    return f"{part.candidate.kind} {knobs}".strip()
