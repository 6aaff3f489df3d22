"""Walk: make a student's parts again, from input to output, on what it really gives them."""

from candidates.batch_norm import restate
from candidates.candidate import Kept
from candidates.data import ImageSet
from candidates.distil import refine
from candidates.draft import Draft
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.masks import FixedMasks
from candidates.objective import Objective
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.refit import Refit
from candidates.savings import Savings
from candidates.stream import Stream
from candidates.teacher import Teacher


class Walk:
    """Changes a student's network in place; `changed` are the neighbourhoods where it differs from
    its teacher.

    Closed forms and statistics take the first `calibration_images` of the images, gradients all.
    The student's activations and the teacher's share the recipe's limits, half each.
    """

    def __init__(
        self,
        network: Network,
        kept: Kept,
        teacher: Teacher,
        images: ImageSet,
        recipe: LibraryRecipe,
    ) -> None:
        self.changed = tuple(
            each
            for each in teacher.split.neighbourhoods
            if not _is_same(network.part(each.input, each.output), teacher.part(each))
        )
        self._network, self._kept, self._teacher = network, kept, teacher
        self._recipe = recipe.model_copy(update={"start": "closed_form"})
        self._images = images
        self.start()

    def start(self) -> None:
        """Go back to the input; neighbourhoods can only be met in their order."""
        self._ours = self._theirs = self._whole()
        self._cut = self._network.program.input

    def remake(
        self, each: Neighbourhood, progress: Progress, savings: Savings | None = None
    ) -> None:
        """Go forward to a neighbourhood and make it again, with the teacher's output as target: in
        closed form, then by the recipe's steps of gradient. What is zero stays zero.

        `progress` counts steps.
        """
        self._go_to(each.cut)
        part = self._network.part(each.input, each.output)
        entering = self._network.part(each.cut, each.input)
        zeros = FixedMasks.of_zeros(part).notable()
        self._solve(each, part, entering)
        objective = Objective.of(self._teacher, each, self._recipe, entering, self._theirs)
        draft = Draft(part, self._kept, zeros)
        stream = objective.stream(self._ours)
        refine([draft], objective, stream, self._recipe, progress, savings)

    def restate(self) -> None:
        """End the walk: bring the BatchNorms behind the first change up to date."""
        if not self.changed:
            return
        network, cut = self._network, self.changed[0].cut
        self.start()
        unchanged = network.part(network.program.input, cut)
        images = self._ours.first(self._recipe.calibration_images)
        restate(network.part(cut, network.program.output), images.advanced(unchanged))

    def _whole(self) -> Stream:
        limits = {
            "memory_limit_mb": self._recipe.memory_limit_mb // 2,
            "spill_mb": self._recipe.spill_mb // 2,
        }
        recipe = self._recipe.model_copy(update=limits)
        return Stream.of(self._images, self._teacher.recipe.preprocessing, recipe)

    def _go_to(self, cut: str) -> None:
        if cut != self._cut:
            self._ours = self._ours.advanced(self._network.part(self._cut, cut))
            self._theirs = self._theirs.advanced(self._teacher.network.part(self._cut, cut))
            self._cut = cut

    def _solve(self, each: Neighbourhood, part: Network, entering: Network) -> None:
        count = self._recipe.calibration_images
        ours, theirs = self._ours.first(count), self._theirs.first(count)
        if each.input != each.cut:
            ours = ours.advanced(entering)
            theirs = theirs.advanced(self._teacher.entering(each))
        refit = Refit(each, self._teacher.layout, self._teacher.part(each), self._recipe.ridge)
        refit.run(part, self._kept, ours, theirs)


def _is_same(part: Network, wanted: Network) -> bool:
    theirs = wanted.tensors()
    return part.program == wanted.program and all(
        values.equal(theirs[name]) for name, values in part.tensors().items()
    )
