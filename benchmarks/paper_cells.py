"""Paper cells: the single measurements that the paper's tables are made of.

Seconds are of one processor, one thread: machines that run other work too give the same ones.
Accuracies are percentages on the reporting images.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.paper_place import Place
from benchmarks.paper_training import Course
from candidates.assembly import Description, assemble
from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.graph.network import Network
from candidates.initial import reinitialised
from candidates.library import candidate_checkpoint, make_candidates
from candidates.materials import Materials
from candidates.measure import refit_student
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.refinement import Refinement
from candidates.refinement_settings import RefinementSettings
from candidates.statistics import gather
from candidates.student import build_student, student_checkpoint
from candidates.synthetic import synthetic_dataset
from candidates.teacher import Teacher
from candidates.training import Loss, cross_entropy, distillation
from candidates.training_recipe import TrainingRecipe

Cell = dict[str, Any]
FINE_TUNING_RATE = 0.03
"""Chosen among 0.01, 0.03 and 0.06 for one epoch, on the scoring images; the reporting images,
which all figures are of, had no say in it."""


def of_teacher(place: Place) -> Cell:
    """What all students are compared with."""
    return {"accuracy": place.accuracy(place.teacher.network)}


def from_scratch(place: Place, objective: str, multiplier: float, epochs: int, seed: int) -> Cell:
    """The paper's baselines: the same architecture from a random start, by Eq. 3 or by labels."""
    network = _uniform_shape(place.teacher, multiplier)
    reinitialised(network, seed)
    loss = distillation(place.teacher.network) if objective == "kd" else cross_entropy
    recipe = TrainingRecipe(epochs=epochs, learning_rate=0.1, seed=seed, flip=True)
    return _trained(place, network, loss, recipe, f"{objective} {multiplier}")


def distilled(place: Place, recipe: Mapping[str, Any], epochs: int = 0) -> Cell:
    """Neighbourhood Distillation of one candidate everywhere, refitted; then fine-tuned or not.

    The recipe's grid must name one candidate beside the teacher itself.
    """
    given = LibraryRecipe.model_validate(recipe)
    student, cell = _distilled(place, given)
    if epochs:
        cell["fine_tuned"] = _fine_tuned(place, build_student(student), given, epochs)
    return cell


def refined(place: Place, recipe: Mapping[str, Any], settings: Mapping[str, Any]) -> Cell:
    """The same student before its fine-tuning, refined as it is over HTTP."""
    given = LibraryRecipe.model_validate(recipe)
    student, cell = _distilled(place, given)
    chosen = RefinementSettings.model_validate(settings)
    refinement = Refinement(place.teacher, place.dataset, given, chosen)
    made, cell["refined_s"] = _timed(lambda: refinement.run(student, [], silent))
    cell["refined"] = made.comparison.after.value
    return cell


def _distilled(place: Place, given: LibraryRecipe) -> tuple[Checkpoint, Cell]:
    dataset, made_s = place.dataset, 0.0
    if given.inputs != "images":
        dataset, made_s = _timed(lambda: synthetic_dataset(place.teacher, given, silent))
    statistics, gathered_s = _timed(lambda: gather(place.teacher, dataset, given, silent))
    files, kept, seconds = _parts(Materials(place.teacher, statistics, dataset, given))
    student = assemble(place.teacher.checkpoint, files, kept, {})
    network, description = build_student(student), Description.of(student)
    cell: Cell = {
        "steps": given.steps,
        "parameters": sum(int(weight.count_nonzero()) for weight in network.parameters()),
        "gathered_s": made_s + gathered_s,
        "neighbourhoods_s": seconds,
        "assembled": place.accuracy(network),
    }
    images = dataset.calibration.sample(given.calibration_images, given.seed)
    _, cell["refit_s"] = _timed(
        lambda: refit_student(network, description.kept, place.teacher, images, given, silent)
    )
    cell["refitted"] = place.accuracy(network)
    return student_checkpoint(network, description), cell


def whole_library(place: Place, recipe: Mapping[str, Any]) -> Cell:
    """All candidates of the recipe, scored."""
    given = LibraryRecipe.model_validate(recipe)
    statistics, gathered_s = _timed(lambda: gather(place.teacher, place.dataset, given, silent))
    materials = Materials(place.teacher, statistics, place.dataset, given)
    seconds = [
        _timed(partial(make_candidates, materials, each, _unknown, silent))[1]
        for each in place.teacher.split.neighbourhoods
    ]
    return {"steps": given.steps, "gathered_s": gathered_s, "neighbourhoods_s": seconds}


def _parts(materials: Materials) -> tuple[list[Checkpoint], Kept, list[float]]:
    """The recipe's candidate of every neighbourhood, the teacher's own part where it has none."""
    files: list[Checkpoint] = []
    kept: Kept = {}
    seconds = []
    for each in materials.teacher.split.neighbourhoods:
        harvest, spent = _timed(partial(make_candidates, materials, each, _unknown, silent))
        seconds.append(spent)
        smallest = min(harvest.made, key=lambda made: made.candidate.cost.parameters)
        files.append(smallest.weights)
        kept |= smallest.candidate.kept
    return files, kept, seconds


def _fine_tuned(place: Place, network: Network, given: LibraryRecipe, epochs: int) -> Cell:
    training = TrainingRecipe(
        epochs=epochs, learning_rate=FINE_TUNING_RATE, seed=given.seed, flip=True
    )
    loss = distillation(place.teacher.network)
    return _trained(place, network, loss, training, f"fine-tuning {given.model_dump_json()}")


def _trained(place: Place, network: Network, loss: Loss, recipe: TrainingRecipe, name: str) -> Cell:
    images, preprocessing = place.dataset.calibration, place.teacher.recipe.preprocessing
    return dict(Course(images, preprocessing, loss, recipe, place.accuracy).run(network, name))


def _uniform_shape(teacher: Teacher, multiplier: float) -> Network:
    """The student of one multiplier everywhere, its weights of no matter."""
    files: list[Checkpoint] = []
    kept: Kept = {}
    for each in teacher.split.neighbourhoods:
        own = {w.name: tuple(range(max(1, round(multiplier * w.size)))) for w in each.widths}
        files.append(candidate_checkpoint(teacher.narrowed(each, own)))
        kept |= own
    return build_student(assemble(teacher.checkpoint, files, kept, {}))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.process_time()
    result = work()
    return result, time.process_time() - begun


def _unknown(_identity: str) -> None:
    return None
