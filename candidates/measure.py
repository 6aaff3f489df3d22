"""Measure: what a student really does, as assembled and after a sequential refit."""

from candidates.assembly import Description
from candidates.batch_norm import restate
from candidates.candidate import Estimate, Kept
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, ImageSet
from candidates.distil import refine
from candidates.draft import Draft
from candidates.graph.network import Network
from candidates.masks import FixedMasks
from candidates.objective import Objective
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.refit import Refit
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
    refit_student(network, description.kept, teacher, images, recipe, progress)
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

    First in closed form, but for sparse parts, whose zeros it does not know; where the library
    refined its candidates, then by half as many steps of gradient, without which the closed form
    would undo some of what refinement had found.
    """
    limit = recipe.memory_limit_mb * 2**20 // 2
    whole = Stream(images, teacher.recipe.preprocessing, limit)
    brief = recipe.model_copy(update={"steps": recipe.steps // 2, "start": "closed_form"})
    ours, theirs, cut = whole, whole, network.program.input
    changed: tuple[Network, Stream] | None = None
    neighbourhoods = teacher.split.neighbourhoods
    total = len(neighbourhoods)
    for number, each in enumerate(neighbourhoods):
        part, wanted = network.part(each.input, each.output), teacher.part(each)
        if not _is_same(part, wanted):
            ours = ours.advanced(network.part(cut, each.cut))
            theirs = theirs.advanced(teacher.network.part(cut, each.cut))
            cut = each.cut
            changed = changed or (network.part(cut, network.program.output), ours)
            entering = network.part(cut, each.input)
            there = theirs.advanced(teacher.entering(each))
            zeros = FixedMasks.of_zeros(part).notable()
            if not zeros.masks:
                refit = Refit(each, teacher.layout, wanted, recipe.ridge)
                refit.run(part, kept, ours.advanced(entering), there)
            draft = Draft(part, kept, zeros)
            objective = Objective.of(teacher, each, brief, entering, theirs)
            beats = _beats(progress, number, total)
            refine([draft], objective, objective.stream(ours), brief, beats)
        progress(number + 1, total)
    if changed is not None:
        restate(*changed)


def _is_same(part: Network, wanted: Network) -> bool:
    theirs = wanted.tensors()
    return part.program == wanted.program and all(
        values.equal(theirs[name]) for name, values in part.tensors().items()
    )


def _beats(progress: Progress, done: int, total: int) -> Progress:
    """Lets the caller stop the work between two neighbourhoods, without counting anything."""
    return lambda _done, _total: progress(done, total)
