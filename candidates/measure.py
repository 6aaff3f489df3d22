"""Measure: what a student really does, as assembled and after a sequential refit."""

from torch import nn

from candidates.assembly import Description
from candidates.batch_norm import restate
from candidates.candidate import Estimate
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, ImageSet
from candidates.distil import refine
from candidates.graph import INPUT, Graph
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.refit import refit, shrunk_consumers
from candidates.score import measured_accuracy
from candidates.stream import Stream
from candidates.student import build_student, student_checkpoint
from candidates.teacher import Teacher
from candidates.value import Value


class Measurement(Value):
    """Accuracies in percent on the reporting images: no image of them chose anything before."""

    assembled: Estimate
    refitted: Estimate
    teacher: Estimate


def measure(
    student: Checkpoint,
    teacher: Teacher,
    dataset: Dataset,
    recipe: LibraryRecipe,
    progress: Progress,
) -> tuple[Measurement, Checkpoint]:
    """Measure a student as it is, refit it, measure it again; the refitted file comes along."""
    network = build_student(student)
    limit = recipe.memory_limit_mb * 2**20
    reporting = Stream(dataset.reporting, teacher.recipe.preprocessing, limit)
    labels = dataset.reporting.labels
    assembled = measured_accuracy(network, reporting, labels)
    description = Description.of(student)
    images = dataset.calibration.sample(recipe.calibration_images, recipe.seed)
    refit_student(network, description, teacher, images, recipe, progress)
    provenance = {**description.provenance, "refitted_on": len(images)}
    refitted = student_checkpoint(
        network, description.model_copy(update={"provenance": provenance})
    )
    return Measurement(
        assembled=assembled,
        refitted=measured_accuracy(network, reporting, labels),
        teacher=measured_accuracy(teacher.network, reporting, labels),
    ), refitted


def refit_student(
    network: nn.Module,
    description: Description,
    teacher: Teacher,
    images: ImageSet,
    recipe: LibraryRecipe,
    progress: Progress,
) -> None:
    """Walk from input to output and make every neighbourhood again, in place, on the student's own
    activations with the teacher's outputs as target; then restate the BatchNorms.

    First in closed form; where the library refined its candidates, then by half as many steps of
    gradient, without which the closed form would undo some of what refinement had found.
    """
    limit = recipe.memory_limit_mb * 2**20 // 2
    whole = Stream(images, teacher.recipe.preprocessing, limit)
    brief = recipe.model_copy(update={"steps": recipe.steps // 2})
    graph = Graph(network)
    ours, theirs, here = whole, whole, INPUT
    neighbourhoods = teacher.split.neighbourhoods
    total = len(neighbourhoods)
    for number, neighbourhood in enumerate(neighbourhoods):
        ours = ours.advanced(graph.part(here, neighbourhood.input))
        theirs = theirs.advanced(teacher.graph.part(here, neighbourhood.input))
        here = neighbourhood.output
        part, wanted = graph.part(neighbourhood.input, here), teacher.part(neighbourhood)
        if shrunk_consumers(neighbourhood, description.kept):
            refit(part, wanted, neighbourhood, description.kept, (ours, theirs), recipe.ridge)
            refine([part], wanted, ours, brief, _beats(progress, number, total), theirs)
        ours, theirs = ours.advanced(part), theirs.advanced(wanted)
        progress(number + 1, total)
    restate(network, whole)


def _beats(progress: Progress, done: int, total: int) -> Progress:
    """Lets the caller stop the work between two neighbourhoods, without counting anything."""
    return lambda _done, _total: progress(done, total)
