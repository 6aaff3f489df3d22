"""Width candidates: every multiplier of a neighbourhood from one elimination, in closed form."""

import math

import torch
from torch import Tensor

from candidates.bench import Bench
from candidates.candidate import Kept
from candidates.draft import Draft
from candidates.errors import NotApplicable
from candidates.graph.neighbourhood import Width
from candidates.graph.network import Network
from candidates.kinds.registry import Knobs
from candidates.linear_call import LinearCall, linear_calls
from candidates.reading import Reading
from candidates.reconstruct import Consumer, Elimination, eliminate, onto
from candidates.refit import Refit, shrunk_consumers
from candidates.strength import strengths

UNDISTURBED = 1e-4
"""Differences below this share of an input's size are rounding."""


class WidthMaker:
    """Makes candidates of one neighbourhood; the eliminations are done once, here."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._eliminations = {
            width.name: self._eliminate(width) for width in bench.neighbourhood.widths
        }

    def make(self, knobs: Knobs) -> Draft:
        """The candidate of a multiplier."""
        multiplier = float(knobs["multiplier"])
        if multiplier < 1 and not self._eliminations:
            raise NotApplicable("No inner width of it may shrink.")
        kept = self.kept(multiplier)
        return Draft(self.solved(kept), kept)

    def kept(self, multiplier: float) -> Kept:
        """The indices that remain of every width at k, in the recipe's multiples; at least one."""
        result = {}
        for width in self.bench.neighbourhood.widths:
            count = self._count(width, multiplier)
            if count < width.size:
                result[width.name] = self._eliminations[width.name].kept(count)
        return result

    def solved(self, kept: Kept) -> Network:
        """The network that keeps these indices, solved for the teacher's outputs.

        All of the calibration activations are read only where consumers no longer get the
        teacher's own values, as behind another width.
        """
        bench = self.bench
        candidate = bench.teacher.narrowed(bench.neighbourhood, kept)
        consumers = shrunk_consumers(bench.neighbourhood, kept)
        for name, reading in bench.readings.items():
            if name in consumers:
                self._solve(candidate, reading, kept)
        if consumers and self._is_disturbed(candidate, kept):
            refit = Refit(bench.neighbourhood, bench.teacher.layout, bench.part, bench.recipe.ridge)
            refit.run(candidate, kept, bench.calibration, bench.calibration)
        return candidate

    def _count(self, width: Width, multiplier: float) -> int:
        """How many indices remain: of what a producer gives, a multiple that the recipe names."""
        layout, step = self.bench.teacher.layout, self.bench.recipe.width_multiple
        for call in linear_calls(self.bench.part, width.producers)[:1]:
            step //= math.gcd(step, len(layout.rows(call.name, width.name)[0]))
        return min(width.size, max(1, round(multiplier * width.size / step)) * step)

    def _eliminate(self, width: Width) -> Elimination:
        readings = [
            self.bench.readings[name] for name in width.consumers if name in self.bench.readings
        ]
        if not readings:
            return self._by_strength(width)
        consumers = []
        for reading in readings:
            anchor = self.bench.anchors[reading.call.name]
            root = reading.root(self._weight(reading), anchor.gain(self.bench.tensors))
            consumers.append(Consumer(self.bench.gram(anchor), root, reading.owned[width.name]))
        return eliminate(consumers, self.bench.recipe.ridge)

    def _by_strength(self, width: Width) -> Elimination:
        """Weakest producers first, for a width that nothing linear reads; errors are the squares
        of the weights that are gone.
        """
        found = strengths(self.bench.part, self.bench.teacher.layout, width)
        order = found.argsort()
        return Elimination(tuple(order.tolist()), tuple(found[order].cumsum(0).tolist()[:-1]))

    def _solve(self, candidate: Network, reading: Reading, kept: Kept) -> None:
        """Give one consumer its best weights, on the rows that the candidate still has."""
        layout, name = self.bench.teacher.layout, reading.call.name
        anchor, weight = self.bench.anchors[name], self._weight(reading)
        index = reading.kept(kept)
        best = onto(self.bench.gram(anchor), index, self.bench.recipe.ridge)
        rows = torch.tensor(layout.kept_rows(name, kept))
        columns = torch.tensor(layout.kept_columns(name, kept))
        solved = reading.solved(weight, best, index)
        tensors = candidate.tensors()
        tensors[reading.call.weight].data.copy_(solved[rows][:, columns])
        if anchor.takes_intercept:
            mean = self.bench.moments(name).centred().input_mean
            missed = mean - (best @ mean[:, index].unsqueeze(2)).squeeze(2)
            anchor.add_intercept(tensors, reading.outputs(weight, missed)[rows])

    def _is_disturbed(self, candidate: Network, kept: Kept) -> bool:
        """Whether a shrunk consumer gets other values than the teacher's, on the first images."""
        names = [
            name
            for name in shrunk_consumers(self.bench.neighbourhood, kept)
            if name in self.bench.readings
        ]
        sources = [self.bench.readings[name].call.source for name in names]
        batch = self.bench.calibration.at(slice(0, 2))
        with torch.inference_mode():
            ours = candidate.values(batch, sources)
            theirs = self.bench.part.values(batch, sources)
        narrow = {call.name: call for call in candidate.program.calls}
        for name, got, whole in zip(names, ours, theirs, strict=True):
            call = LinearCall.of(narrow[name], candidate.tensors())
            assert call is not None
            expected = self._remaining(self.bench.readings[name].call, whole, kept)
            if (call.points(got) - expected).abs().max() > UNDISTURBED * expected.abs().max():
                return True
        return False

    def _remaining(self, call: LinearCall, values: Tensor, kept: Kept) -> Tensor:
        """A consumer's inputs in the teacher, at every position the channels that it keeps."""
        layout = self.bench.teacher.layout
        per_group = len(self.bench.tensors[call.weight]) // call.groups
        groups = sorted({row // per_group for row in layout.kept_rows(call.name, kept)})
        return call.points(values)[groups][:, :, layout.kept_columns(call.name, kept)]

    def _weight(self, reading: Reading) -> Tensor:
        return self.bench.tensors[reading.call.weight]
