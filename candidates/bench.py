"""Bench: what the makers of candidates work with at one neighbourhood."""

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from candidates.anchors import Anchor, find_anchors
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.moments import Moments
from candidates.reading import Reading, readings_of
from candidates.recipe import LibraryRecipe
from candidates.reconstruct import shrunk
from candidates.statistics import Statistics
from candidates.stream import Stream
from candidates.teacher import Teacher


@dataclass(frozen=True)
class Bench:
    """`calibration` gives the teacher's activations at the neighbourhood's input."""

    teacher: Teacher
    neighbourhood: Neighbourhood
    statistics: Statistics
    recipe: LibraryRecipe
    calibration: Stream

    @cached_property
    def part(self) -> Network:
        """T_i itself; its tensors are the teacher's, not to be changed."""
        return self.teacher.part(self.neighbourhood)

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors of `part` by name."""
        return self.part.tensors()

    @cached_property
    def readings(self) -> dict[str, Reading]:
        """How linear calls read the widths of the neighbourhood, by call, in running order."""
        return readings_of(self.part, self.teacher.layout, self.neighbourhood)

    @cached_property
    def anchors(self) -> dict[str, Anchor]:
        """Where what each reading call computes is compared with the teacher's, by call."""
        calls = [reading.call for reading in self.readings.values()]
        return {anchor.call.name: anchor for anchor in find_anchors(self.part, calls)}

    def copy(self) -> Network:
        """T_i with tensors of its own."""
        return self.teacher.narrowed(self.neighbourhood, {})

    def moments(self, call: str) -> Moments:
        """The moments of a linear call's inputs; KeyError if none were gathered."""
        return self.statistics.moments[call]

    def gram(self, anchor: Anchor) -> Tensor:
        """G [g, d, d] of the anchored call's rows in float64, centred if its bias can follow."""
        moments = self.moments(anchor.call.name)
        return shrunk(moments.centred(anchor.takes_intercept).inputs, moments.num_rows)
