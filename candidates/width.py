"""Width candidates: every multiplier of a neighbourhood from one elimination, in closed form."""

import torch
from torch import Tensor

from candidates.anchors import Anchor, find_anchors
from candidates.candidate import Kept
from candidates.graph.neighbourhood import Neighbourhood, Width
from candidates.graph.network import Network
from candidates.linear_call import LinearCall
from candidates.reading import Reading, readings_of
from candidates.reconstruct import Consumer, Elimination, eliminate, onto, shrunk
from candidates.refit import Refit, shrunk_consumers
from candidates.statistics import Statistics
from candidates.stream import Stream
from candidates.strength import strengths
from candidates.teacher import Teacher

UNDISTURBED = 1e-4
"""Differences below this share of an input's size are rounding."""


class WidthMaker:
    """Makes candidates of one neighbourhood; the eliminations are done once, here."""

    def __init__(
        self, teacher: Teacher, neighbourhood: Neighbourhood, statistics: Statistics, ridge: float
    ) -> None:
        self.teacher = teacher
        self.neighbourhood = neighbourhood
        self.ridge = ridge
        self._part = teacher.part(neighbourhood)
        self._tensors = self._part.tensors()
        self._moments = statistics.moments
        self._readings = readings_of(self._part, teacher.layout, neighbourhood)
        calls = [reading.call for reading in self._readings.values()]
        self._anchors = {each.call.name: each for each in find_anchors(self._part, calls)}
        self._eliminations = {width.name: self._eliminate(width) for width in neighbourhood.widths}

    def kept(self, multiplier: float) -> Kept:
        """The indices that remain of every width at k; at least one of each."""
        return {
            width.name: self._eliminations[width.name].kept(max(1, round(multiplier * width.size)))
            for width in self.neighbourhood.widths
            if round(multiplier * width.size) < width.size
        }

    def make(self, kept: Kept, stream: Stream) -> Network:
        """The candidate that keeps these indices, solved for the teacher's outputs.

        `stream` gives the teacher's activations at the neighbourhood's input; all of it is read
        only where consumers no longer get the teacher's own values, as behind another width.
        """
        candidate = self.teacher.narrowed(self.neighbourhood, kept)
        consumers = shrunk_consumers(self.neighbourhood, kept)
        for name, reading in self._readings.items():
            if name in consumers:
                self._solve(candidate, reading, kept)
        if consumers and self._is_disturbed(candidate, kept, stream):
            refit = Refit(self.neighbourhood, self.teacher.layout, self._part, self.ridge)
            refit.run(candidate, kept, stream, stream)
        return candidate

    def _eliminate(self, width: Width) -> Elimination:
        readings = [self._readings[name] for name in width.consumers if name in self._readings]
        if not readings:
            return self._by_strength(width)
        consumers = []
        for reading in readings:
            anchor = self._anchors[reading.call.name]
            root = reading.root(self._weight(reading), anchor.gain(self._tensors))
            consumers.append(Consumer(self._gram(anchor), root, reading.owned[width.name]))
        return eliminate(consumers, self.ridge)

    def _by_strength(self, width: Width) -> Elimination:
        """Weakest producers first, for a width that nothing linear reads; errors are the squares
        of the weights that are gone.
        """
        found = strengths(self._part, self.teacher.layout, width)
        order = found.argsort()
        return Elimination(tuple(order.tolist()), tuple(found[order].cumsum(0).tolist()[:-1]))

    def _solve(self, candidate: Network, reading: Reading, kept: Kept) -> None:
        """Give one consumer its best weights, on the rows that the candidate still has."""
        layout, name = self.teacher.layout, reading.call.name
        anchor, weight = self._anchors[name], self._weight(reading)
        index = reading.kept(kept)
        best = onto(self._gram(anchor), index, self.ridge)
        rows = torch.tensor(layout.kept_rows(name, kept))
        columns = torch.tensor(layout.kept_columns(name, kept))
        solved = reading.solved(weight, best, index)
        tensors = candidate.tensors()
        tensors[reading.call.weight].data.copy_(solved[rows][:, columns])
        if anchor.takes_intercept:
            mean = self._moments[name].centred().input_mean
            missed = mean - (best @ mean[:, index].unsqueeze(2)).squeeze(2)
            anchor.add_intercept(tensors, reading.outputs(weight, missed)[rows])

    def _is_disturbed(self, candidate: Network, kept: Kept, stream: Stream) -> bool:
        """Whether a shrunk consumer gets other values than the teacher's, on the first images."""
        names = [
            name for name in shrunk_consumers(self.neighbourhood, kept) if name in self._readings
        ]
        sources = [self._readings[name].call.source for name in names]
        batch = stream.at(slice(0, 2))
        with torch.inference_mode():
            ours = candidate.values(batch, sources)
            theirs = self._part.values(batch, sources)
        narrow = {call.name: call for call in candidate.program.calls}
        for name, got, whole in zip(names, ours, theirs, strict=True):
            call = LinearCall.of(narrow[name], candidate.tensors())
            assert call is not None
            expected = self._remaining(self._readings[name].call, whole, kept)
            if (call.points(got) - expected).abs().max() > UNDISTURBED * expected.abs().max():
                return True
        return False

    def _remaining(self, call: LinearCall, values: Tensor, kept: Kept) -> Tensor:
        """A consumer's inputs in the teacher, at every position the channels that it keeps."""
        layout = self.teacher.layout
        per_group = len(self._tensors[call.weight]) // call.groups
        groups = sorted({row // per_group for row in layout.kept_rows(call.name, kept)})
        return call.points(values)[groups][:, :, layout.kept_columns(call.name, kept)]

    def _weight(self, reading: Reading) -> Tensor:
        return self._tensors[reading.call.weight]

    def _gram(self, anchor: Anchor) -> Tensor:
        moments = self._moments[anchor.call.name]
        return shrunk(moments.centred(anchor.takes_intercept).inputs, moments.num_rows)
