"""Materials: what the candidates of one library are made from."""

from dataclasses import dataclass

from candidates.data import Dataset, ImageSet
from candidates.graph.neighbourhood import Neighbourhood
from candidates.objective import Objective
from candidates.recipe import LibraryRecipe
from candidates.statistics import Statistics
from candidates.stream import Stream
from candidates.teacher import Teacher


@dataclass(frozen=True)
class Materials:
    """A teacher, its statistics and the images, under one recipe."""

    teacher: Teacher
    statistics: Statistics
    dataset: Dataset
    recipe: LibraryRecipe

    def calibration(self, neighbourhood: Neighbourhood, num_images: int) -> Stream:
        """The activations at a neighbourhood's input of unlabelled images."""
        images = self.dataset.calibration.sample(num_images, self.recipe.seed)
        return self._at_cut(neighbourhood, images).advanced(self.teacher.entering(neighbourhood))

    def refinement(self, objective: Objective) -> Stream:
        """The activations of unlabelled images that drafts are given under an objective."""
        images = self.dataset.calibration.sample(self.recipe.refinement_images, self.recipe.seed)
        return objective.stream(self._at_cut(objective.neighbourhood, images))

    def scoring(self, neighbourhood: Neighbourhood) -> Stream:
        """The activations at a neighbourhood's cut of the images behind
        `statistics.scoring_logits`.
        """
        images = self.dataset.scoring.sample(self.recipe.scoring_images, self.recipe.seed)
        return self._at_cut(neighbourhood, images)

    def _at_cut(self, neighbourhood: Neighbourhood, images: ImageSet) -> Stream:
        limit = self.recipe.memory_limit_mb * 2**20
        stream = Stream(images, self.teacher.recipe.preprocessing, limit)
        return stream.advanced(self.teacher.root(neighbourhood))
