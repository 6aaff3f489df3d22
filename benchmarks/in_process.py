"""In process: a library and its students straight from `candidates`, without the service."""

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import torch

from benchmarks.cifar_job import load_teacher
from candidates.assembly import assemble
from candidates.candidate import Estimate
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset
from candidates.library import Made, make_candidates
from candidates.materials import Materials
from candidates.measure import Measurement, measure
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.statistics import Statistics, gather
from candidates.teacher import Teacher
from search.problem import Choice, Problem


@dataclass(frozen=True)
class Library:
    """All candidates of a teacher, by neighbourhood from input to output."""

    teacher: Teacher
    dataset: Dataset
    recipe: LibraryRecipe
    teacher_accuracy: Estimate
    candidates: tuple[tuple[Made, ...], ...]

    @property
    def problem(self) -> Problem:
        """What the strategies see; a candidate's id is its identity."""
        return Problem(
            neighbourhoods=tuple(
                tuple(
                    Choice(
                        id=made.identity,
                        kind=made.candidate.kind,
                        cost=made.candidate.cost,
                        score=made.candidate.score,
                    )
                    for made in part
                )
                for part in self.candidates
            ),
            fixed=self.teacher.fixed_cost,
            teacher_accuracy=self.teacher_accuracy.value,
        )

    def measured(self, choices: Sequence[str]) -> Measurement:
        """Assemble these candidates, refit, and measure on the reporting images."""
        return self.refitted(choices)[0]

    def refitted(self, choices: Sequence[str]) -> tuple[Measurement, Checkpoint]:
        """Likewise, with the refitted student's file."""
        known: Mapping[str, Made] = {m.identity: m for part in self.candidates for m in part}
        chosen = [known[choice] for choice in choices]
        student = assemble(
            self.teacher.checkpoint,
            [made.weights for made in chosen],
            {width: kept for made in chosen for width, kept in made.candidate.kept.items()},
            {},
        )
        return measure(student, self.teacher, self.dataset, self.recipe, silent)

    def uniform(self, multiplier: float) -> tuple[str, ...]:
        """The candidates of one multiplier."""
        return tuple(
            made.identity
            for part in self.candidates
            for made in part
            if made.candidate.knobs["multiplier"] == multiplier
        )


def make_library(
    weights: Path, dataset: Dataset, recipe: LibraryRecipe, num_processes: int = 2
) -> Library:
    """Every neighbourhood in a task of its own, as the service's workers do it."""
    teacher = _teacher(weights, recipe)
    statistics = gather(teacher, dataset, recipe, silent)
    with tempfile.TemporaryDirectory(prefix="student-search-") as folder:
        dataset.save(Path(folder) / "images")
        (Path(folder) / "statistics").write_bytes(statistics.to_checkpoint().to_bytes())
        tasks = [
            (weights, Path(folder), recipe, part.index) for part in teacher.split.neighbourhoods
        ]
        with ProcessPoolExecutor(num_processes, get_context("spawn")) as pool:
            made = tuple(pool.map(_neighbourhood, *zip(*tasks, strict=True)))
    return Library(teacher, dataset, recipe, statistics.teacher_accuracy, made)


def _neighbourhood(
    weights: Path, folder: Path, recipe: LibraryRecipe, index: int
) -> tuple[Made, ...]:
    materials = _materials(weights, folder, recipe)
    part = materials.teacher.split.neighbourhoods[index]
    return tuple(make_candidates(materials, part, lambda _: None, silent).made)


@cache
def _materials(weights: Path, folder: Path, recipe: LibraryRecipe) -> Materials:
    torch.set_num_threads(1)
    statistics = Statistics.from_checkpoint(Checkpoint.read(folder / "statistics"))
    return Materials(_teacher(weights, recipe), statistics, Dataset.load(folder / "images"), recipe)


def _teacher(weights: Path, recipe: LibraryRecipe) -> Teacher:
    """Cut at the recipe's granularity."""
    return Teacher.load(load_teacher(weights).checkpoint, recipe.granularity)
