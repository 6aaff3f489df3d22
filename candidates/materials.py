"""Materials: what the candidates of one library are made from."""

from dataclasses import dataclass
from pathlib import Path

from candidates.data import Dataset, ImageSet
from candidates.errors import InvalidRecipe
from candidates.graph.neighbourhood import Neighbourhood
from candidates.inputs import Inputs
from candidates.noise_inputs import NoiseInputs
from candidates.objective import Objective
from candidates.recipe import LibraryRecipe
from candidates.statistics import Statistics
from candidates.stream import Stream
from candidates.teacher import Teacher


@dataclass(frozen=True)
class Materials:
    """A teacher, its statistics and the images, under one recipe.

    `unfinished` is a folder in which long work keeps its state, so that a process that was killed
    is succeeded by one that goes on; without it such work starts again.
    """

    teacher: Teacher
    statistics: Statistics
    dataset: Dataset
    recipe: LibraryRecipe
    unfinished: Path | None = None

    def calibration(self, neighbourhood: Neighbourhood, num_images: int) -> Inputs:
        """The activations at a neighbourhood's input of unlabelled images, or noise."""
        if self.recipe.inputs == "gaussian":
            return NoiseInputs.of(self.teacher, neighbourhood, num_images, self.recipe.seed)
        images = self.dataset.calibration.sample(num_images, self.recipe.seed)
        return self._at_cut(neighbourhood, images).advanced(self.teacher.entering(neighbourhood))

    def refinement(self, objective: Objective) -> Inputs:
        """The activations of unlabelled images, or noise, that drafts are given under an objective.

        Raises InvalidRecipe where the objective looks further than a neighbourhood's input tells,
        and that is all that the noise stands for.
        """
        if self.recipe.inputs == "gaussian":
            return self._noise(objective)
        images = self.dataset.calibration.sample(self.recipe.refinement_images, self.recipe.seed)
        return objective.stream(self._at_cut(objective.neighbourhood, images))

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
        images = self.dataset.scoring.sample(self.recipe.scoring_images, self.recipe.seed)
        return self._at_cut(neighbourhood, images)

    def _at_cut(self, neighbourhood: Neighbourhood, images: ImageSet) -> Stream:
        stream = Stream.of(images, self.teacher.recipe.preprocessing, self.recipe)
        return stream.advanced(self.teacher.root(neighbourhood))
