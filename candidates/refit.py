"""Refit: solve a narrowed part again on the activations that it really gets."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from candidates.anchors import Anchor, find_anchors
from candidates.candidate import Kept
from candidates.graph import probe
from candidates.moments import Moments
from candidates.neighbourhood import Neighbourhood
from candidates.reconstruct import regularised, solve
from candidates.stream import Stream


def refit(
    part: nn.Module,
    teacher_part: nn.Module,
    neighbourhood: Neighbourhood,
    kept: Kept,
    streams: tuple[Stream, Stream],
    ridge: float,
) -> None:
    """Change, in place, every consumer of a shrunk width so that the part follows the teacher.

    `streams` are the student's and the teacher's activations at the part's input, of the same
    images. With R what the student lacks at the consumer's anchor and g the gain on the way
    there, the weights move by (G + λI)⁻¹ HᵀR/g on the student's own H: a least-squares step
    that also makes up for errors before the neighbourhood. One pass over the images a consumer.
    """
    for anchor in find_anchors(part, shrunk_consumers(neighbourhood, kept)):
        index = _output_index(neighbourhood, kept, anchor)
        moments = _collect(part, teacher_part, anchor, index, streams)
        _apply(part, anchor, moments, ridge)


def shrunk_consumers(neighbourhood: Neighbourhood, kept: Kept) -> tuple[str, ...]:
    """Consumers of the widths that lost channels, each once."""
    names: dict[str, None] = {}
    for width in neighbourhood.widths:
        if len(kept.get(width.name, range(width.size))) < width.size:
            names.update(dict.fromkeys(width.consumers))
    return tuple(names)


def _output_index(neighbourhood: Neighbourhood, kept: Kept, anchor: Anchor) -> Tensor | None:
    """The teacher's output channels that the consumer still has, if it produces a shrunk width."""
    for width in neighbourhood.widths:
        if anchor.module in width.producers and width.name in kept:
            return torch.tensor(kept[width.name])
    return None


def _collect(
    part: nn.Module,
    teacher_part: nn.Module,
    anchor: Anchor,
    index: Tensor | None,
    streams: Sequence[Stream],
) -> Moments:
    module = part.get_submodule(anchor.module)
    student = probe(part, [anchor.source, anchor.node])
    teacher = probe(teacher_part, [anchor.node])
    weight = module.weight
    assert isinstance(weight, Tensor)
    moments = Moments.empty(weight[0].numel(), len(weight), anchor.pooled)
    with torch.inference_mode():
        for ours, theirs in zip(*streams, strict=True):
            hidden, reached = student(ours)
            (wanted,) = teacher(theirs)
            wanted = wanted if index is None else wanted.index_select(1, index)
            moments.add(module, hidden, wanted - reached)
    return moments


def _apply(part: nn.Module, anchor: Anchor, moments: Moments, ridge: float) -> None:
    """Output channels with a gain of almost zero are left as they are: nobody hears them."""
    weight = part.get_submodule(anchor.module).weight
    assert isinstance(weight, Tensor)
    centred = moments.centred(anchor.takes_intercept(part))
    gain = anchor.gain(part)
    heard = gain.abs() > 1e-6 * gain.abs().max().clamp(min=1e-30)
    inverse_gain = torch.where(heard, 1 / gain, 0)
    step = solve(regularised(centred.inputs, ridge), centred.cross * inverse_gain).T
    weight.data += step.reshape(weight.shape).to(weight.dtype)
    if anchor.takes_intercept(part):
        anchor.add_intercept(part, centred.target_mean * inverse_gain - step @ centred.input_mean)
