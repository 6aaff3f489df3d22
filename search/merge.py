"""Merge: the undominated sums of one choice from every neighbourhood, exactly.

Dynamic programming over the neighbourhoods: every state that survived so far is combined with
every choice of the next neighbourhood, and a combination that costs no less and loses no less
than another is dropped. Costs stay integers; dropping is exact in floating point too, because
rounded addition keeps the order of its operands. Before that, what the relaxation proves to lead
nowhere is dropped: first boldly, to get to know good selections, and if that was too bold, again
with the bounds that these give.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.relaxation import Costs, Curve, Losses, Relaxation

Indices = NDArray[np.intp]
BOLDNESS = 1 / 16
"""What part of the proven gap between bound and known selections the first pass allows."""


class Merged(NamedTuple):
    """Undominated states, costs strictly ascending and losses strictly descending.

    `back` holds, for each neighbourhood and each state after it, the state before it and the
    choice taken.
    """

    costs: Costs
    losses: Losses
    back: tuple[tuple[Indices, Indices], ...]


def merge(parts: Sequence[Curve]) -> Merged:
    """All undominated states of these neighbourhoods' choices, in any order."""
    kept = [undominated(*part) for part in parts]
    offsets = [int(costs[at[0]]) for (costs, _), at in zip(parts, kept, strict=True)]
    thinned = [
        (costs[at] - offset, losses[at])
        for (costs, losses), at, offset in zip(parts, kept, offsets, strict=True)
    ]
    found = _bounded(thinned)
    back = tuple((before, at[taken]) for (before, taken), at in zip(found.back, kept, strict=True))
    return Merged(found.costs + sum(offsets), found.losses, back)


def undominated(costs: Costs, losses: Losses) -> Indices:
    """Indices by ascending cost; of equal states the first. Quick where costs ascend in runs."""
    order = np.argsort(costs, kind="stable")
    ordered = losses[order]
    best_before = np.minimum.accumulate(ordered)[:-1]
    order = order[np.concatenate(([True], ordered[1:] < best_before))]
    found: Indices = order[np.append(np.diff(costs[order]) > 0, True)]
    return found


def _bounded(parts: Sequence[Curve]) -> Merged:
    relaxation = Relaxation.of(parts)
    proven = relaxation.levels(relaxation.corners)
    ideal = relaxation.least[0] + _least(parts[0], relaxation.rates)
    bold = ideal + BOLDNESS * (proven - ideal)
    found = _pass(parts, relaxation, bold)
    proven = relaxation.levels(_joined(relaxation.corners, (found.costs, found.losses)))
    return found if (proven <= bold).all() else _pass(parts, relaxation, proven)


def _least(part: Curve, rates: Losses) -> Losses:
    least: Losses = (part[1] + np.multiply.outer(rates, part[0])).min(axis=1)
    return least


def _joined(one: Curve, other: Curve) -> Curve:
    costs, losses = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    kept = undominated(costs, losses)
    return costs[kept], losses[kept]


def _pass(parts: Sequence[Curve], relaxation: Relaxation, levels: Losses) -> Merged:
    costs, losses = np.zeros(1, dtype=np.int64), np.zeros(1)
    back = []
    for place, (added_costs, added_losses) in enumerate(parts):
        all_costs = np.add.outer(added_costs, costs).ravel()
        all_losses = np.add.outer(added_losses, losses).ravel()
        ceiling = relaxation.ceiling(place, levels, int(all_costs[-1]))
        useful = np.flatnonzero(all_losses <= np.interp(all_costs, *ceiling))
        kept = useful[undominated(all_costs[useful], all_losses[useful])]
        taken, before = np.divmod(kept, len(costs))
        costs, losses = all_costs[kept], all_losses[kept]
        back.append((before, taken))
    return Merged(costs, losses, tuple(back))
