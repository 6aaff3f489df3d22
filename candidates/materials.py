"""Materials: what the candidates of one library are made from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from candidates.cuts import Cuts
from candidates.data import Dataset, ImageSet
from candidates.errors import InvalidRecipe
from candidates.graph.neighbourhood import Neighbourhood
from candidates.inputs import Inputs
from candidates.noise_inputs import NoiseInputs
from candidates.objective import Objective
from candidates.progress import Saved, unnoted
from candidates.recipe import LibraryRecipe
from candidates.statistics import Statistics
from candidates.stream import Stream
from candidates.teacher import Teacher


@dataclass(frozen=True)
class Materials:
    """A teacher, its statistics and the images, under one recipe.

    `unfinished` is a folder in which long work keeps its state, so that a process that was killed
    is succeeded by one that goes on; without it such work starts again. `saved` is called whenever
    it has kept more.
    """

    teacher: Teacher
    statistics: Statistics
    dataset: Dataset
    recipe: LibraryRecipe
    unfinished: Path | None = None
    saved: Saved = unnoted

    def calibration(self, neighbourhood: Neighbourhood, num_images: int) -> Inputs:
        """The activations at a neighbourhood's input of unlabelled images, or noise."""
        if self.recipe.inputs == "gaussian":
            return NoiseInputs.of(self.teacher, neighbourhood, num_images, self.recipe.seed)
        at_cut = self._learning.at(neighbourhood).first(num_images)
        if neighbourhood.input == neighbourhood.cut:
            return at_cut
        return at_cut.advanced(self.teacher.entering(neighbourhood))

    def refinement(self, objective: Objective) -> Inputs:
        """The activations of unlabelled images, or noise, that drafts are given under an objective.

        Raises InvalidRecipe where the objective looks further than a neighbourhood's input tells,
        and that is all that the noise stands for.
        """
        if self.recipe.inputs == "gaussian":
            return self._noise(objective)
        at_cut = self._learning.at(objective.neighbourhood)
        return objective.stream(at_cut.first(num_learning_images(self.recipe)))

    def _noise(self, objective: Objective) -> Inputs:
        neighbourhood, recipe = objective.neighbourhood, self.recipe
        if objective.source != neighbourhood.input:
            raise InvalidRecipe(
                f"Noise at the input of '{neighbourhood.name}' does not tell what lies beside it, "
                "which look_ahead or logit_weight compare as well. Leave these out, or take inputs "
                '"matched".'
            )
        return NoiseInputs.of(self.teacher, neighbourhood, recipe.refinement_images, recipe.seed)

    def scoring(self, neighbourhood: Neighbourhood) -> Stream:
        """The activations at a neighbourhood's cut of the images behind
        `statistics.scoring_logits`.
        """
        return self._scoring.at(neighbourhood)

    @cached_property
    def _learning(self) -> Cuts:
        """Of the unlabelled images; those for Grams are among those for refinement."""
        count = max(self.recipe.calibration_images, num_learning_images(self.recipe))
        return self._cuts(self.dataset.calibration.sample(count, self.recipe.seed))

    @cached_property
    def _scoring(self) -> Cuts:
        images = self.dataset.scoring.sample(self.recipe.scoring_images, self.recipe.seed)
        return self._cuts(images)

    def _cuts(self, images: ImageSet) -> Cuts:
        return Cuts(self.teacher, images, self.recipe)


def num_learning_images(recipe: LibraryRecipe) -> int:
    """How many images refinement reads: no more than its steps can look at."""
    if recipe.halving:
        return recipe.refinement_images
    drawn = recipe.steps * recipe.batch_size
    return min(recipe.refinement_images, drawn + recipe.validation_images)
