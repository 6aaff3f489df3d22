"""Cuts: the activations of the same images at one cut of a teacher after the other."""

from candidates.data import ImageSet
from candidates.graph.neighbourhood import Neighbourhood
from candidates.recipe import LibraryRecipe
from candidates.stream import Stream
from candidates.teacher import Teacher


class Cuts:
    """What was computed for the last neighbourhood serves the next.

    Whoever goes back, or cannot keep both, begins again at the images. The activations of one cut
    are held between two calls, within the recipe's limits.
    """

    def __init__(self, teacher: Teacher, images: ImageSet, recipe: LibraryRecipe) -> None:
        self._teacher = teacher
        self._start = Stream.of(images, teacher.recipe.preprocessing, recipe)
        self._cut = teacher.network.program.input
        self._here = self._start

    def at(self, neighbourhood: Neighbourhood) -> Stream:
        """The activations at a neighbourhood's cut."""
        if neighbourhood.cut != self._cut:
            self._here = self._further(neighbourhood) or self._again(neighbourhood)
            self._cut = neighbourhood.cut
        return self._here

    def _further(self, neighbourhood: Neighbourhood) -> Stream | None:
        """None where the way from here does not lead there, or there is no room for both."""
        try:
            way = self._teacher.network.part(self._cut, neighbourhood.cut)
        except ValueError:
            return None
        ahead = self._here.advanced(way)
        return ahead if ahead.is_kept else None

    def _again(self, neighbourhood: Neighbourhood) -> Stream:
        self._here = self._start
        return self._start.advanced(self._teacher.root(neighbourhood))
