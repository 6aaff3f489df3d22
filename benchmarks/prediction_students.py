"""Prediction's students: a library and many students of it, each measured once and kept."""

import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.cifar_job import load_teacher
from benchmarks.in_process import Library, make_library
from candidates.assembly import Description, assemble
from candidates.candidate import Estimate
from candidates.data import Dataset
from candidates.measure import refit_student
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.score import measured_accuracy
from candidates.stream import Stream
from candidates.student import build_student
from search.problem import Choice, MeasuredStudent, Problem
from search.trade_off import trade_off

Choices = tuple[str, ...]

KEPT = Path("var") / "prediction"
LEVEL_NOISE = 2.0
"""Standard deviation, in candidates, by which neighbourhoods differ from their student's level."""


@dataclass(frozen=True)
class Students:
    """Random students and those of exact selections (by the weighted KL, and by the plain one),
    after the refit, and their teacher, all measured on the same reporting images.
    """

    problem: Problem
    teacher: Estimate
    random: tuple[MeasuredStudent, ...]
    exact: tuple[MeasuredStudent, ...]
    plain: tuple[MeasuredStudent, ...]


def measured_students(library: Library, num_random: int, num_exact: int, name: str) -> Students:
    """Only what var/prediction/`name`.json has not yet is measured."""
    torch.set_num_threads(1)
    problem = library.problem
    bench = _Bench(library, KEPT / f"{name}.json")
    random = _random(problem, num_random, library.recipe.seed)
    exact = _exact(problem, num_exact)
    plain = _exact(_unweighted(problem), num_exact)
    wanted = [*random, *exact, *plain]
    for place in np.random.default_rng(0).permutation(len(wanted)):
        bench.student(wanted[place])  # a run that is cut short has students of all sizes
    return Students(
        problem,
        bench.teacher(),
        tuple(map(bench.student, random)),
        tuple(map(bench.student, exact)),
        tuple(map(bench.student, plain)),
    )


def kept_library(weights: Path, dataset: Dataset, recipe: LibraryRecipe, name: str) -> Library:
    """The library, from var/prediction/`name`.pickle where that exists."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{name}.pickle"
    if not path.exists():
        made = make_library(weights, dataset, recipe, num_processes=1)
        path.write_bytes(pickle.dumps((made.teacher_accuracy, made.candidates)))
    accuracy, candidates = pickle.loads(path.read_bytes())  # our own file
    return Library(load_teacher(weights), dataset, recipe, accuracy, candidates)


def _random(problem: Problem, count: int, seed: int) -> list[Choices]:
    """Levels spread evenly from the smallest student to the teacher, neighbourhoods about them."""
    numbers = np.random.default_rng(seed)
    return [_near((rank + 0.5) / count, problem, numbers) for rank in range(count)]


def _near(level: float, problem: Problem, numbers: np.random.Generator) -> Choices:
    tops = [len(choices) - 1 for choices in problem.neighbourhoods]
    places = np.rint(level * np.array(tops) + numbers.normal(0, LEVEL_NOISE, len(tops)))
    chosen = np.clip(places, 0, tops).astype(int).tolist()
    return tuple(
        choices[place].id for choices, place in zip(problem.neighbourhoods, chosen, strict=True)
    )


def _exact(problem: Problem, count: int) -> list[Choices]:
    """The best selections within budgets spread evenly from 30 to 90 % of the parameters."""
    curve = trade_off(problem, "parameters")
    limits = np.linspace(0.3, 0.9, count) * float(curve.costs[-1])
    return [tuple(pick.id for pick in curve.best_within(float(limit))) for limit in limits]


def _unweighted(problem: Problem) -> Problem:
    """The same candidates as if a nat cost the same accuracy everywhere."""
    return Problem(
        neighbourhoods=tuple(
            tuple(_proportional(choice) for choice in choices) for choices in problem.neighbourhoods
        ),
        fixed=problem.fixed,
        teacher_accuracy=problem.teacher_accuracy,
    )


def _proportional(choice: Choice) -> Choice:
    score = choice.score.model_copy(update={"accuracy_drop": choice.score.kl})
    return choice.model_copy(update={"score": score})


class _Bench:
    """Measures networks on the reporting images and writes down every figure at once."""

    def __init__(self, library: Library, path: Path) -> None:
        self._library, self._path = library, path
        self._known = {made.identity: made for part in library.candidates for made in part}
        self._kept = json.loads(path.read_text()) if path.exists() else {}
        reporting, limit = library.dataset.reporting, library.recipe.memory_limit_mb * 2**20
        self._images = Stream(reporting, library.teacher.recipe.preprocessing, limit)

    def teacher(self) -> Estimate:
        if "teacher" not in self._kept:
            self._keep("teacher", self._accuracy(self._library.teacher.network))
        return Estimate.model_validate(self._kept["teacher"])

    def student(self, choices: Choices) -> MeasuredStudent:
        key = " ".join(choices)
        if key not in self._kept:
            self._keep(key, self._measured(choices))
        accuracy = Estimate.model_validate(self._kept[key])
        return MeasuredStudent(choices=choices, accuracy=accuracy)

    def _measured(self, choices: Choices) -> Estimate:
        library = self._library
        chosen = [self._known[choice] for choice in choices]
        kept = {width: each for made in chosen for width, each in made.candidate.kept.items()}
        student = assemble(library.teacher.checkpoint, [made.weights for made in chosen], kept, {})
        network, recipe = build_student(student), library.recipe
        images = library.dataset.calibration.sample(recipe.calibration_images, recipe.seed)
        kept = Description.of(student).kept
        refit_student(network, kept, library.teacher, images, recipe, silent)
        return self._accuracy(network)

    def _accuracy(self, network: torch.nn.Module) -> Estimate:
        return measured_accuracy(network, self._images, self._library.dataset.reporting.labels)

    def _keep(self, key: str, accuracy: Estimate) -> None:
        self._kept[key] = accuracy.model_dump()
        self._path.write_text(json.dumps(self._kept))
        print(f"{len(self._kept)} measured", flush=True)
