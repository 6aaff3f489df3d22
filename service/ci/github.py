"""GitHub: what its runner is told, by the files that it names in the environment."""

import json
import os
from pathlib import Path

from service.ci.report import Report


def tell(report: Report, summary: str) -> None:
    """Does nothing where no such runner listens."""
    _append("GITHUB_STEP_SUMMARY", summary)
    _append("GITHUB_OUTPUT", "".join(f"{key}={value}\n" for key, value in _outputs(report).items()))


def _outputs(report: Report) -> dict[str, str]:
    """All on one line each."""
    made = report.outcome.students
    return {
        "teacher": report.outcome.teacher,
        "library": report.outcome.library,
        "students": json.dumps({name: each.student for name, each in made.items()}),
        "accuracies": json.dumps({name: each.accuracy.value for name, each in made.items()}),
        "passed": str(report.verdict.passed).lower(),
        "verdict": report.verdict.sentence,
        "reuse": report.reuse,
    }


def _append(variable: str, text: str) -> None:
    if place := os.environ.get(variable):
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(text)
