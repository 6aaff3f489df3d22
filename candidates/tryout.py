"""Tryout: what an assembled student reaches on the scoring images after a cheap refit."""

from candidates.assembly import Description
from candidates.candidate import Score
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset
from candidates.measure import refit_student
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.score import compare, logits_of
from candidates.stream import Stream
from candidates.student import build_student
from candidates.teacher import Teacher


class Tryout:
    """Measures one student after the other, all on the same images.

    `refit_steps` of gradient a neighbourhood follow the closed form in every refit. The scoring
    images are those on which the recipe's candidates were scored: whoever chooses by these scores
    has to measure what was chosen on the reporting images.
    """

    def __init__(
        self, teacher: Teacher, dataset: Dataset, recipe: LibraryRecipe, refit_steps: int
    ) -> None:
        self._teacher = teacher
        self._recipe = recipe.model_copy(update={"steps": 2 * refit_steps})  # a refit takes half
        self._calibration = dataset.calibration.sample(recipe.calibration_images, recipe.seed)
        scoring = dataset.scoring.sample(recipe.scoring_images, recipe.seed)
        self._stream = Stream.of(scoring, teacher.recipe.preprocessing, recipe)
        self._labels = scoring.labels
        self._teacher_logits = logits_of(teacher.network, self._stream)

    def score(self, student: Checkpoint, progress: Progress) -> Score:
        """Refit a student as it was assembled and compare it with its teacher.

        `progress` counts neighbourhoods. Equal students get equal scores. Raises
        NonFiniteActivation naming the module where NaN or Inf appears.
        """
        network = build_student(student)
        kept = Description.of(student).kept
        refit_student(network, kept, self._teacher, self._calibration, self._recipe, progress)
        logits = logits_of(network, self._stream)
        return compare(logits, self._teacher_logits, self._labels)
