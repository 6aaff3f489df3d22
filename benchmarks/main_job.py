"""Main job: from images and a teacher's file to measured students, all of it over HTTP."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.outcome import Measured, Outcome, Rebuilt, show
from benchmarks.picture import draw
from candidates.recipe import LibraryRecipe, TeacherRecipe
from search.budget import Budget
from search.strategies import StrategyName
from service.bodies.datasets import DatasetBody
from service.bodies.students import StudentBody
from service.client import Client

STRATEGIES: tuple[StrategyName, ...] = ("exact", "uniform")


@dataclass(frozen=True)
class MainJob:
    """What is to be done; `shares` of the teacher's parameters are the budgets.

    `images` is where a rebuilt student finds the reporting images, `folder` where downloads and
    the picture go.
    """

    title: str
    recipe: TeacherRecipe
    weights: Path
    images: Path
    library: LibraryRecipe
    shares: tuple[float, ...]
    folder: Path


def run(
    job: MainJob, client: Client, post_images: Callable[[Client], DatasetBody], console: Console
) -> list[Outcome]:
    """Do it, print the table and write the picture."""
    with _progress(console) as progress:
        dataset = post_images(client)
        teacher = client.post_teacher(job.title, job.recipe, job.weights)
        _follow(client, dataset.job, "reading the images", progress)
        _follow(client, teacher.job, "checking the teacher", progress)
        library = client.build_library(teacher.id, dataset.id, job.library)
        _follow(client, library.job, "making the library", progress)
        students = _students(job, client, library.id)
        for student in students.values():
            _follow(client, client.measure(student.id).job, "measuring students", progress)
        outcomes = [_outcome(job, client, key, student.id) for key, student in students.items()]
    show(console, outcomes, job.title)
    picture = job.folder / "trade-off-curve.png"
    draw(client.trade_off_curve(library.id), outcomes, job.title, picture)
    console.print(f"Trade-off curve: {picture}")
    return outcomes


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console)


def _follow(client: Client, job_id: str, what: str, progress: Progress) -> None:
    """Wait with a bar; JobEnded carries the sentence that says why there is no success."""
    bar = next((task.id for task in progress.tasks if task.description == what), None)
    if bar is None:
        bar = progress.add_task(what, total=None)
    client.wait(
        job_id,
        lambda now: progress.update(bar, completed=now.progress.done, total=now.progress.total),
    )


def _students(
    job: MainJob, client: Client, library_id: str
) -> dict[tuple[float, StrategyName], StudentBody]:
    whole = client.trade_off_curve(library_id, points=2).teacher_cost.parameters
    return {
        (share, strategy): client.request_student(
            library_id, Budget(parameters=int(share * whole)), strategy
        )
        for share in job.shares
        for strategy in STRATEGIES
    }


def _outcome(
    job: MainJob, client: Client, key: tuple[float, StrategyName], student_id: str
) -> Outcome:
    share, strategy = key
    student = client.student(student_id)
    measurement = student.measurement
    assert measurement is not None, "the measurement's job has succeeded"
    return Outcome(
        share=share,
        strategy=strategy,
        cost=student.cost,
        predicted=student.predicted_accuracy,
        measured=Measured.model_validate(
            measurement.model_dump(include={"assembled", "refitted", "teacher"})
        ),
        rebuilt=_rebuilt(job, client, student) if strategy == "exact" else None,
    )


def _rebuilt(job: MainJob, client: Client, student: StudentBody) -> Rebuilt:
    """Download both files and measure each in a process that knows nothing but the file."""
    accuracies = {}
    for refitted in (False, True):
        kind = "refitted" if refitted else "assembled"
        name = f"student-{student.cost.parameters}-{kind}.safetensors"
        file = client.download(student.id, job.folder / name, refitted)
        accuracies[kind] = _accuracy(file, job.images, student.cost.parameters)
    return Rebuilt(**accuracies)


def _accuracy(file: Path, images: Path, num_parameters: int) -> float:
    command = [sys.executable, "-m", "benchmarks.rebuild", str(file), str(images)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(printed)
    if found["parameters"] != num_parameters:
        raise RuntimeError(
            f"{file.name} holds {found['parameters']} parameters, not the {num_parameters} that "
            "the service named."
        )
    accuracy: float = found["accuracy"]
    return accuracy
