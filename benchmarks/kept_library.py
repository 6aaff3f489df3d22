"""Kept library: a library in a folder, so that a stopped benchmark need not make it again."""

from pathlib import Path

from benchmarks.cifar_job import load_teacher
from benchmarks.in_process import Library, make_library
from candidates.candidate import Candidate, Estimate, identity
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset
from candidates.library import Made
from candidates.recipe import LibraryRecipe
from candidates.teacher import Teacher
from candidates.value import Value

INDEX = "library.json"


class _Entry(Value):
    identity: str
    candidate: Candidate


class _Index(Value):
    teacher_accuracy: Estimate
    candidates: tuple[tuple[_Entry, ...], ...]


def kept_library(
    folder: Path, weights: Path, dataset: Dataset, recipe: LibraryRecipe, num_processes: int
) -> Library:
    """The library of this recipe from `folder`, made and put there if it is not there yet."""
    place = folder / identity(recipe=recipe.model_dump(mode="json"), weights=_digest(weights))[:16]
    if not (place / INDEX).exists():
        _write(place, make_library(weights, dataset, recipe, num_processes))
    index = _Index.model_validate_json((place / INDEX).read_bytes())
    return Library(
        teacher=Teacher.load(load_teacher(weights).checkpoint, recipe.granularity),
        dataset=dataset,
        recipe=recipe,
        teacher_accuracy=index.teacher_accuracy,
        candidates=tuple(tuple(_made(place, e) for e in part) for part in index.candidates),
    )


def _write(place: Path, library: Library) -> None:
    """The index comes last, so that what is there is whole."""
    place.mkdir(parents=True, exist_ok=True)
    for made in (made for part in library.candidates for made in part):
        _file(place, made.identity).write_bytes(made.weights.to_bytes())
    index = _Index(
        teacher_accuracy=library.teacher_accuracy,
        candidates=tuple(
            tuple(_Entry(identity=made.identity, candidate=made.candidate) for made in part)
            for part in library.candidates
        ),
    )
    (place / INDEX).write_text(index.model_dump_json())


def _made(place: Path, entry: _Entry) -> Made:
    weights = Checkpoint.from_bytes(_file(place, entry.identity).read_bytes())
    return Made(entry.identity, entry.candidate, weights)


def _file(place: Path, digest: str) -> Path:
    return place / f"{digest}.safetensors"


def _digest(weights: Path) -> str:
    return identity(teacher=weights.read_bytes().hex())
