"""Outcome: what came of a pipeline's wishes, and what of it was accepted the last time."""

from pathlib import Path

from pydantic import ValidationError

from candidates.candidate import Estimate
from candidates.complaint import Complaint
from candidates.value import Value
from search.predictor import Prediction
from service.client import ClientError


class Made(Value):
    """A student that was measured; accuracies in percent on the reporting images.

    `accuracy` is the refitted student's, `teacher` its teacher's.
    """

    student: str
    parameters: int
    predicted: Prediction | Estimate
    accuracy: Estimate
    teacher: Estimate


class Outcome(Value):
    """A teacher, its library and its students, by their budgets as the pipeline wrote them.

    Kept as JSON it is the record of what was accepted.
    """

    name: str
    teacher: str
    library: str
    dataset: str | None
    students: dict[str, Made]

    @classmethod
    def read(cls, path: Path) -> "Outcome | None":
        """What was accepted; None where nothing was yet. Raises ClientError."""
        if not path.exists():
            return None
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as exc:
            raise ClientError(
                f"'{path}' does not hold what was accepted: {Complaint.of(exc).why}. Put the "
                "right file there, or delete it to accept what passes next."
            ) from exc

    def write(self, path: Path) -> None:
        """In one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(self.model_dump_json(indent=1) + "\n", "utf-8")
        part.replace(path)
