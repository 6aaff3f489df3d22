"""Making: from a pipeline's wishes to measured students and their files."""

from pathlib import Path
from typing import NamedTuple

from service.bodies.students import StudentBody
from service.ci.jobs import Jobs
from service.ci.outcome import Made, Outcome
from service.ci.wishes import Wish, Wishes
from service.client import Client, ClientError

ID = "dataset_"


class Making(NamedTuple):
    """`was_there` says that the library had been made before."""

    outcome: Outcome
    was_there: bool


def make(client: Client, jobs: Jobs, wishes: Wishes, folder: Path) -> Making:
    """Leaves the students' refitted files in `folder`. Raises ClientError."""
    dataset = None if wishes.dataset is None else _dataset(client, wishes.dataset)
    teacher = jobs.done(lambda: client.post_teacher(wishes.name, wishes.recipe, wishes.weights))
    library = jobs.done(lambda: client.build_library(teacher.id, dataset, wishes.library))
    students = {
        wish.text: _made(client, jobs, library.id, wish, folder) for wish in wishes.students
    }
    outcome = Outcome(
        name=wishes.name, teacher=teacher.id, library=library.id, dataset=dataset,
        students=students,
    )  # fmt: skip
    return Making(outcome, was_there=library.note is not None)


def _dataset(client: Client, given: str) -> str:
    """Its id."""
    if given.startswith(ID):
        return client.dataset(given).id
    for found in client.datasets(state="ready", name=given):
        return found.id
    raise ClientError(
        f"No data set of the name '{given}' is ready. Post it once: student-search dataset push "
        f"images.tar --name '{given}' --wait."
    )


def _made(client: Client, jobs: Jobs, library: str, wish: Wish, folder: Path) -> Made:
    student = client.request_student(library, wish.budget)
    jobs.done(lambda: client.measure(student.id))
    client.download(student.id, folder / wish.file_name, refitted=True)
    return _as_measured(client.student(student.id))


def _as_measured(student: StudentBody) -> Made:
    found = student.measurement
    assert found is not None
    assert found.refitted is not None
    assert found.teacher is not None, "it was waited for"
    return Made(
        student=student.id,
        parameters=student.cost.parameters,
        predicted=student.predicted_accuracy,
        accuracy=found.refitted,
        teacher=found.teacher,
    )
