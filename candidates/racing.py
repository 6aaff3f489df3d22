"""Racing: candidates are scored on no more images than it takes to be certain of their order.

The order is that of the candidates' KL, between neighbours in cost on any axis: all that a
selection asks is what the next cheaper candidate loses. After each look at the images so far, two
neighbours are told apart where their mean difference on the same images exceeds z standard errors;
z allows for the number of pairs and of looks (Bonferroni), so that together they err with a chance
of one minus the confidence at most. (After Maron and Moore, 1994, Hoeffding Races; with paired
normal errors in place of Hoeffding's bounds, because a KL has none.)
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import NormalDist

import torch
from torch import Tensor, nn

from candidates.candidate import Cost, Score
from candidates.score import compare, divergences, logits_of

CONFIDENCE = 0.95
FIRST_LOOK = 256
"""Images before the first look: the mean of fewer heavy-tailed losses is not normal yet."""
GROWTH = 1.5
"""Each look comes after so many times the images of the one before."""
RELATIVE_ERROR = 0.1
ABSOLUTE_ERROR = 1e-3
"""A KL is precise enough when its standard error is below this share of it, or so many nats."""

Pair = tuple[int, int]


def race(
    partials: Sequence[nn.Module],
    stream: Iterable[Tensor],
    teacher_logits: Tensor,
    labels: Tensor,
    costs: Sequence[Cost],
    confidence: float = CONFIDENCE,
) -> list[Score]:
    """Score the partial models of one neighbourhood's candidates, from a cut to the logits.

    `stream` gives the activations there of the scoring images, which must be in random order;
    `teacher_logits` [N, num_classes] and `labels` [N] belong to the same images. A candidate stops
    once its order among its neighbours in cost is certain and its own KL precise. Every score is
    of the images that the candidate has seen, the first `num_images` of all. Raises
    NonFiniteActivation as `score` does.
    """
    field = _Field(partials, teacher_logits, _neighbours(costs), confidence)
    for batch in stream:
        field.run(batch)
        if not field.active:
            break
    return [compare(each, teacher_logits[: len(each)], labels[: len(each)]) for each in field.ends]


class _Field:
    """The candidates of a race: what each has computed so far, and which still run."""

    def __init__(
        self,
        partials: Sequence[nn.Module],
        teacher_logits: Tensor,
        pairs: Sequence[Pair],
        confidence: float,
    ) -> None:
        self.active = list(range(len(partials)))
        self._partials, self._teacher_logits = partials, teacher_logits
        self._logits: list[list[Tensor]] = [[] for _ in partials]
        self._losses = torch.zeros(len(partials), len(teacher_logits), dtype=torch.float64)
        self._open = list(pairs)
        self._looks = _looks(len(teacher_logits))
        self._num_seen = 0
        chances = 2 * max(1, len(pairs) * len(self._looks))
        self._certain = NormalDist().inv_cdf(1 - (1 - confidence) / chances)

    @property
    def ends(self) -> list[Tensor]:
        """The logits of every candidate on the images that it has seen."""
        return [torch.cat(each) for each in self._logits]

    def run(self, batch: Tensor) -> None:
        """Every candidate that is still active sees one more batch."""
        images = slice(self._num_seen, self._num_seen + len(batch))
        for index in self.active:
            logits = logits_of(self._partials[index], [batch])
            self._logits[index].append(logits)
            self._losses[index, images] = divergences(logits, self._teacher_logits[images])
        self._num_seen = images.stop
        if self._looks and self._looks[0] <= self._num_seen:
            self._looks = [each for each in self._looks if each > self._num_seen]
            self._look()

    def _look(self) -> None:
        losses = self._losses[:, : self._num_seen]
        spread = losses.std(1)
        self._open = [pair for pair in self._open if not self._is_certain(losses, spread, pair)]
        undecided = {index for pair in self._open for index in pair}
        error = spread / self._num_seen**0.5
        precise = error <= (RELATIVE_ERROR * losses.mean(1)).clamp(min=ABSOLUTE_ERROR)
        self.active = [i for i in self.active if i in undecided or not precise[i]]

    def _is_certain(self, losses: Tensor, spread: Tensor, pair: Pair) -> bool:
        """Whether neither sampling nor what one goes on to see while the other has stopped can
        turn their order.

        The mean of n of N images differs from that of all by a standard error of σ·√(1/n − 1/N).
        """
        one, other = pair
        differences = losses[one] - losses[other]
        if not differences.any():
            return True
        rest = 1 - self._num_seen / self._losses.shape[1]
        drift = max(float(spread[one]), float(spread[other])) * rest**0.5
        error = max(float(differences.std()), drift) / self._num_seen**0.5
        return bool(differences.mean().abs() >= self._certain * error)


def _neighbours(costs: Sequence[Cost]) -> list[Pair]:
    """Pairs of candidates with none between them in cost, on any axis."""
    pairs = set()
    for axis in Cost.model_fields:
        values = [getattr(cost, axis) for cost in costs]
        order = sorted(range(len(costs)), key=values.__getitem__)
        pairs |= {(min(pair), max(pair)) for pair in pairwise(order)}
    return sorted(pairs)


def _looks(total: int) -> list[int]:
    """After how many images the race may end for somebody."""
    looks, count = [], FIRST_LOOK
    while count < total:
        looks.append(count)
        count = int(count * GROWTH)
    return looks
