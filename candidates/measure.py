"""Measure: what a student really does, as assembled and after a sequential refit."""

from typing import NamedTuple

from candidates.assembly import Description
from candidates.candidate import Estimate, Kept
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, ImageSet
from candidates.graph.network import Network
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.score import divergences, logits_of, measured_accuracy
from candidates.stream import Stream
from candidates.student import build_student, student_checkpoint
from candidates.teacher import Teacher
from candidates.value import Value
from candidates.walk import Walk


class Measurement(Value):
    """Accuracies in percent on the reporting images: no image of them chose anything before.

    `refitted` is the same as `assembled` where the refit was discarded.
    """

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
    """Measure a student as it is, refit it, measure it again; the refitted file comes along.

    A refit that brings the student no nearer to its teacher, by KL(teacher‖student) on the scoring
    images, is discarded: the file is then as assembled, `refitted_on` 0 images.
    """
    assembled, refitted = build_student(student), build_student(student)
    description, marks = Description.of(student), _Marks(teacher, dataset, recipe)
    images = dataset.calibration.sample(recipe.calibration_images, recipe.seed)
    refit_student(refitted, description.kept, teacher, images, recipe, progress)
    is_kept = recipe.lets_refit and marks.divergence(refitted) <= marks.divergence(assembled)
    refitted = refitted if is_kept else assembled
    provenance = {**description.provenance, "refitted_on": len(images) if is_kept else 0}
    return Measurement(
        assembled=marks.accuracy(assembled),
        refitted=marks.accuracy(refitted),
        teacher=marks.accuracy(teacher.network),
    ), student_checkpoint(refitted, description.model_copy(update={"provenance": provenance}))


class _Marks(NamedTuple):
    """How well networks do what the teacher does."""

    teacher: Teacher
    dataset: Dataset
    recipe: LibraryRecipe

    def accuracy(self, network: Network) -> Estimate:
        """In percent on the reporting images."""
        images = self.dataset.reporting
        return measured_accuracy(network, self._stream(images), images.labels)

    def divergence(self, network: Network) -> float:
        """Mean KL(teacher‖network) in nats on the scoring images."""
        images = self.dataset.scoring.sample(self.recipe.scoring_images, self.recipe.seed)
        stream = self._stream(images)
        ours, theirs = logits_of(network, stream), logits_of(self.teacher.network, stream)
        return float(divergences(ours, theirs).mean())

    def _stream(self, images: ImageSet) -> Stream:
        return Stream.of(images, self.teacher.recipe.preprocessing, self.recipe)


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
