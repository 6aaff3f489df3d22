"""Layout: where the indices of widths lie in the weights of linear calls."""

from collections.abc import Mapping

from candidates.candidate import Kept
from candidates.graph.axes import Term
from candidates.graph.choice import Choice, kept_indices, owned_indices
from candidates.graph.follow import Axes
from candidates.graph.program import Program, TensorOf
from candidates.graph.widths import AxisWidth


class Layout:
    """Translates between a teacher's widths, by name, and the tensors that they run through."""

    def __init__(self, program: Program, axes: Axes, widths: Mapping[str, AxisWidth]) -> None:
        self.axes = axes
        self.widths = widths
        self._calls = {call.name: call for call in program.calls}

    def choice(self, kept: Kept) -> Choice:
        """The kept indices by axis; widths that keep everything are left out."""
        return {
            self.widths[name].axis: indices
            for name, indices in kept.items()
            if len(indices) < self.widths[name].axis.size
        }

    def columns(self, call: str, width: str) -> list[list[int]]:
        """For every index of a width, the input channels of a linear call that belong to it; of a
        grouped convolution, the channels within each group.
        """
        return owned_indices(self._weight(call)[1], self.widths[width].axis)

    def rows(self, call: str, width: str) -> list[list[int]]:
        """For every index of a width, the output channels of a linear call that belong to it."""
        return owned_indices(self._weight(call)[0], self.widths[width].axis)

    def kept_columns(self, call: str, kept: Kept) -> list[int]:
        """The input channels that a linear call keeps; of a grouped convolution, in each group."""
        return kept_indices(self._weight(call)[1], self.choice(kept))

    def kept_rows(self, call: str, kept: Kept) -> list[int]:
        """The output channels that a linear call keeps."""
        return kept_indices(self._weight(call)[0], self.choice(kept))

    def _weight(self, call: str) -> tuple[Term, ...]:
        weight = self._calls[call].arguments[1]
        assert isinstance(weight, TensorOf)
        return self.axes.tensors[weight.tensor]
