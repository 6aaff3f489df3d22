"""Measure: what a student really does, as assembled and after a sequential refit."""

from candidates.assembly import Description
from candidates.candidate import Estimate, Kept
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, ImageSet
from candidates.graph.network import Network
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.score import measured_accuracy
from candidates.stream import Stream
from candidates.student import build_student, student_checkpoint
from candidates.teacher import Teacher
from candidates.value import Value
from candidates.walk import Walk


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
    reporting = Stream.of(dataset.reporting, teacher.recipe.preprocessing, recipe)
    labels = dataset.reporting.labels
    assembled = measured_accuracy(network, reporting, labels)
    description = Description.of(student)
    images = dataset.calibration.sample(recipe.calibration_images, recipe.seed)
    refit_student(network, description.kept, teacher, images, recipe, progress)
    num_images = len(images) if recipe.lets_refit else 0
    provenance = {**description.provenance, "refitted_on": num_images}
    refitted = student_checkpoint(
        network, description.model_copy(update={"provenance": provenance})
    )
    return Measurement(
        assembled=assembled,
        refitted=measured_accuracy(network, reporting, labels),
        teacher=measured_accuracy(teacher.network, reporting, labels),
    ), refitted


def refit_student(
    network: Network,
    kept: Kept,
    teacher: Teacher,
    images: ImageSet,
    recipe: LibraryRecipe,
    progress: Progress,
) -> None:
    """Walk from input to output and make every neighbourhood again, in place, on the student's own
    activations with the teacher's outputs as target; then restate the BatchNorms behind the first
    of them that differs from the teacher's.

    First in closed form; where the library refined its candidates, then by half as many steps of
    gradient, without which the closed form would undo some of what refinement had found. Nothing
    is changed where the recipe does not let students be refitted.
    """
    if not recipe.lets_refit:
        return
    walk = Walk(
        network, kept, teacher, images, recipe.model_copy(update={"steps": recipe.steps // 2})
    )
    neighbourhoods = teacher.split.neighbourhoods
    total = len(neighbourhoods)
    for number, each in enumerate(neighbourhoods):
        if each in walk.changed:
            walk.remake(each, _beats(progress, number, total))
        progress(number + 1, total)
    walk.restate()


def _beats(progress: Progress, done: int, total: int) -> Progress:
    """Lets the caller stop the work between two neighbourhoods, without counting anything."""
    return lambda _done, _total: progress(done, total)
