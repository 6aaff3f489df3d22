"""Width candidates: every multiplier of a neighbourhood from one elimination, in closed form."""

from torch import Tensor, nn

from candidates.anchors import Anchor, find_anchors
from candidates.candidate import Kept
from candidates.narrow import shrink
from candidates.neighbourhood import Neighbourhood, Width
from candidates.reconstruct import Consumer, Elimination, best_weights, columns, eliminate
from candidates.refit import refit, shrunk_consumers
from candidates.statistics import Statistics
from candidates.stream import Stream
from candidates.teacher import Teacher


class WidthMaker:
    """Makes candidates of one neighbourhood; the eliminations are done once, here."""

    def __init__(
        self, teacher: Teacher, neighbourhood: Neighbourhood, statistics: Statistics, ridge: float
    ) -> None:
        self.teacher = teacher
        self.neighbourhood = neighbourhood
        self.ridge = ridge
        self._part = teacher.part(neighbourhood)
        self._moments = statistics.moments
        self._eliminations = {width.name: self._eliminate(width) for width in neighbourhood.widths}

    def kept(self, multiplier: float) -> Kept:
        """The channels that remain of every width at k; at least one of each."""
        return {
            width.name: self._eliminations[width.name].kept(max(1, round(multiplier * width.size)))
            for width in self.neighbourhood.widths
            if round(multiplier * width.size) < width.size
        }

    def make(self, kept: Kept, stream: Stream) -> nn.Module:
        """The candidate that keeps these channels, solved for the teacher's outputs.

        `stream` gives the teacher's activations at the neighbourhood's input; it is read only
        where one width feeds another, whose inputs then are no longer the teacher's.
        """
        candidate = self.teacher.copy_of(self.neighbourhood)
        shrink(candidate, self.neighbourhood.widths, kept)
        consumers = shrunk_consumers(self.neighbourhood, kept)
        for anchor in find_anchors(candidate, consumers):
            self._solve(candidate, anchor, kept)
        if len(kept) > 1:
            both = (stream, stream)
            refit(candidate, self._part, self.neighbourhood, kept, both, self.ridge)
        return candidate

    def _eliminate(self, width: Width) -> Elimination:
        readers = []
        for anchor in find_anchors(self._part, width.consumers):
            weight = _rows(self._part, anchor) * anchor.gain(self._part).unsqueeze(1)
            gram = self._gram(anchor.module, anchor.takes_intercept(self._part))
            readers.append(Consumer(gram, weight, weight.shape[1] // width.size))
        return eliminate(readers, self.ridge)

    def _solve(self, candidate: nn.Module, anchor: Anchor, kept: Kept) -> None:
        """Give one consumer its best weights, on the rows that the candidate still has."""
        width = next(w for w in self.neighbourhood.widths if anchor.module in w.consumers)
        weight = _rows(self._part, anchor)
        if anchor.module in kept:
            weight = weight[list(kept[anchor.module])]
        block = weight.shape[1] // width.size
        intercept = anchor.takes_intercept(candidate)
        gram = self._gram(anchor.module, intercept)
        best = best_weights(gram, weight, kept[width.name], block, self.ridge)
        new = candidate.get_submodule(anchor.module).weight
        assert isinstance(new, Tensor)
        new.data.copy_(best.reshape(new.shape))
        if intercept:
            mean = self._moments[anchor.module].centred().input_mean
            lost = weight @ mean - best @ mean[columns(kept[width.name], block)]
            anchor.add_intercept(candidate, lost)

    def _gram(self, module: str, with_mean: bool) -> Tensor:
        return self._moments[module].centred(with_mean).inputs


def _rows(part: nn.Module, anchor: Anchor) -> Tensor:
    """A consumer's weights as [o, d] in float64."""
    weight = part.get_submodule(anchor.module).weight
    assert isinstance(weight, Tensor)
    return weight.detach().double().flatten(1)
