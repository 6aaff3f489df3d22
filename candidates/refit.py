"""Refit: solve a narrowed part again on the activations that it really gets."""

from collections.abc import Collection

import torch
from torch import Tensor

from candidates.anchors import Anchor, find_anchors
from candidates.candidate import Kept
from candidates.graph.layout import Layout
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.inputs import Inputs
from candidates.linear_call import linear_calls
from candidates.moments import Moments, Sample
from candidates.reading import Reading
from candidates.reconstruct import regularised, shrunk
from candidates.support import on_support

NUM_CHECKED = 256
"""Images on which a refit is compared with what was there before."""
MAX_COLUMNS = 4608
"""Calls with longer rows are left to the gradient: their Grams would take minutes."""
MAX_SPARSE_COLUMNS = 2304
"""The same for calls with zeros, of which each row is a system of its own."""


class Refit:
    """Refits parts of one neighbourhood against the teacher's own."""

    def __init__(
        self, neighbourhood: Neighbourhood, layout: Layout, teacher_part: Network, ridge: float
    ) -> None:
        self.neighbourhood = neighbourhood
        self.layout = layout
        self.teacher_part = teacher_part
        self.ridge = ridge

    def run(self, part: Network, kept: Kept, ours: Inputs, theirs: Inputs) -> None:
        """Change, in place, every linear consumer of a shrunk width, and every linear call that
        lost some of its weights, so that the part follows the teacher.
        """
        names = {*shrunk_consumers(self.neighbourhood, kept), *self._sparse(part)}
        self.solve(part, names, kept, ours, theirs)

    def solve(
        self, part: Network, names: Collection[str], kept: Kept, ours: Inputs, theirs: Inputs
    ) -> None:
        """Change the named linear calls so that the part follows the teacher.

        `ours` and `theirs` are the student's and the teacher's activations at the part's input,
        of the same images. With R what the student lacks at a call's output, the weights move
        by (G + λI)⁻¹ HᵀR on the student's own H: a least-squares step that also makes up for
        errors before the neighbourhood. One pass over the images a call. Weights that are zero
        stay zero. Where that brings the part's output no nearer to the teacher's, as may be behind
        a LayerNorm, nothing changes.
        """
        tensors = part.tensors()
        before = {name: values.detach().clone() for name, values in tensors.items()}
        error = self._error(part, ours, theirs)
        for anchor in find_anchors(part, linear_calls(part, names)):
            num_inputs = tensors[anchor.call.weight].shape[1]
            reading = Reading.full(anchor.call, num_inputs)
            is_whole = bool(tensors[anchor.call.weight].all())
            if reading.num_columns <= (MAX_COLUMNS if is_whole else MAX_SPARSE_COLUMNS):
                moments = self._collect(part, anchor, reading, kept, (ours, theirs))
                _apply(tensors, anchor, moments, self.ridge)
        if self._error(part, ours, theirs) > error:
            for name, values in before.items():
                tensors[name].data.copy_(values)

    def _sparse(self, part: Network) -> list[str]:
        """Linear calls with zeros among their weights."""
        tensors, names = part.tensors(), {call.name for call in part.program.calls}
        calls = linear_calls(part, names)
        return [call.name for call in calls if not tensors[call.weight].all()]

    def _error(self, part: Network, ours: Inputs, theirs: Inputs) -> float:
        """The squared error at the part's output on the first images."""
        first = slice(0, NUM_CHECKED)
        with torch.inference_mode():
            found, wanted = part(ours.at(first)), self.teacher_part(theirs.at(first))
        return float((found - wanted).square().mean())

    def _collect(
        self,
        part: Network,
        anchor: Anchor,
        reading: Reading,
        kept: Kept,
        streams: tuple[Inputs, Inputs],
    ) -> Moments:
        rows = self.layout.kept_rows(anchor.call.name, kept)
        weight = part.tensors()[anchor.call.weight]
        every = self.layout.kept_rows(anchor.call.name, {})
        index = torch.tensor(rows) if len(rows) < len(every) else None
        anchor = anchor if index is None else anchor.unmoved()
        num_targets = len(weight) // anchor.call.groups
        moments = Moments.empty(
            reading.num_columns,
            num_targets,
            anchor.pooled,
            anchor.call.groups,
            Sample.of(reading.num_columns, len(streams[0]), seed=0),
        )
        needed = anchor.needed()
        with torch.no_grad():
            for ours, theirs in zip(*streams, strict=True):
                hidden, reached, *others = part.values(
                    ours, [anchor.call.source, anchor.value, *needed]
                )
                (wanted,) = self.teacher_part.values(theirs, [anchor.value])
                if index is not None:
                    wanted = wanted.index_select(anchor.call.channel, index)
                known = dict(zip(needed, others, strict=True))
                lacking = anchor.pulled_back(part, known, len(ours), wanted - reached)
                moments.add(reading, hidden, lacking)
        return moments


def shrunk_consumers(neighbourhood: Neighbourhood, kept: Kept) -> tuple[str, ...]:
    """Consumers of the widths that lost indices, each once."""
    names: dict[str, None] = {}
    for width in neighbourhood.widths:
        if len(kept.get(width.name, range(width.size))) < width.size:
            names.update(dict.fromkeys(width.consumers))
    return tuple(names)


def _apply(tensors: dict[str, Tensor], anchor: Anchor, moments: Moments, ridge: float) -> None:
    weight = tensors[anchor.call.weight]
    centred = moments.centred(anchor.takes_intercept)
    gram = shrunk(centred.inputs, moments.num_rows)
    support = (weight != 0).reshape(len(gram), -1, gram.shape[2])
    step = on_support(regularised(gram, ridge), centred.cross.mT, support)
    weight.data += step.reshape(weight.shape).to(weight.dtype)
    if anchor.takes_intercept:
        moved = (step @ centred.input_mean.unsqueeze(2)).squeeze(2)
        anchor.add_intercept(tensors, (centred.target_mean - moved).flatten())
