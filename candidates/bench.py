"""Bench: what the makers of candidates work with at one neighbourhood."""

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from candidates.anchors import Anchor, find_anchors
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.inputs import Inputs
from candidates.linear_call import LinearCall, linear_calls
from candidates.moments import Moments
from candidates.reading import Reading, readings_of
from candidates.recipe import LibraryRecipe
from candidates.reconstruct import shrunk
from candidates.statistics import Statistics
from candidates.teacher import Teacher


@dataclass(frozen=True)
class Bench:
    """`calibration` gives the teacher's activations at the neighbourhood's input."""

    teacher: Teacher
    neighbourhood: Neighbourhood
    statistics: Statistics
    recipe: LibraryRecipe
    calibration: Inputs

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
    def calls(self) -> dict[str, LinearCall]:
        """The linear calls inside whose weight no other call of the teacher reads, in order."""
        inside = {call.name for call in self.part.program.calls}
        return {call.name: call for call in linear_calls(self.teacher.network, inside)}

    @cached_property
    def anchors(self) -> dict[str, Anchor]:
        """Where what each linear call computes is compared with the teacher's, by call."""
        calls = linear_calls(self.part, {call.name for call in self.part.program.calls})
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

    def full_gram(self, call: str) -> Tensor | None:
        """Like `gram`, of all columns of a call; None where its rows were too long to gather."""
        columns = self.tensors[self.calls[call].weight][0].numel()
        known = self.statistics.moments.get(call)
        if known is None or known.input_sum.shape[1] != columns:
            return None
        return self.gram(self.anchors[call])
