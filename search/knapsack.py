"""Knapsack: the best selections within one limit, exactly.

One choice of every neighbourhood, the least sum of values, a sum of weights within a limit: a
multiple-choice knapsack. A price r on the weight gives every selection the lower bound
Σ min(v + r·w) − r·limit; what a choice lies above its neighbourhood's minimum, its reduced value,
is added to the bound of every selection with it (Dyer, Riha & Walker, 1995). Dynamic programming
over the neighbourhoods then keeps only sums that can still lead to one of the `top` best: those
whose reduced value is small enough, and that fewer than `top` others match or beat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.table import Indices, Numbers

Part = tuple[Numbers, Numbers]
"""Values and weights of one neighbourhood's choices."""

ROUNDING = 1e-9
"""Of what is compared: far above what rounding does to a bound, far below what matters."""
FIRST_ALLOWANCE = 1 / 64
"""What part of the gap between the bound and a known selection is looked through first."""
FEW_SUMS = 5_000
"""As long as a pass looks at no more, the next one may look much further."""
MOST_SUMS = 20_000_000
"""That a pass may look at, in about five seconds."""


DEAREST = 1e150
"""A price beyond this is one of weights that hardly differ, and too great to compute with."""


class TooManySums(Exception):
    """The knapsack is beyond this way of solving it."""


def best(parts: Sequence[Part], most: float, top: int = 1) -> list[Indices]:
    """The `top` best selections whose weight is at most `most`, each as one index in every part.

    By ascending value; of equal values the lighter first. Fewer if there are fewer; none if even
    the lightest is too heavy. Raises TooManySums where there are too many good ones to tell apart.
    """
    if _sum(parts, _lightest(parts), 1) > most:
        return []
    order = np.argsort([-float(np.ptp(weights)) for _, weights in parts], kind="stable")
    found = _best([parts[place] for place in order], most, top)
    selections = [picks[np.argsort(order)] for picks in found]
    return sorted(selections, key=lambda picks: (_sum(parts, picks, 0), _sum(parts, picks, 1)))


def layers(weights: Numbers, values: Numbers, num_layers: int) -> Indices:
    """Indices of what fewer than `num_layers` others match or beat (and a few more), by weight."""
    order = np.lexsort((values, weights))
    kept = [order[:0]]
    for _ in range(num_layers):
        if not len(order):
            break
        ordered = values[order]
        first = np.append(True, ordered[1:] < np.minimum.accumulate(ordered)[:-1])
        kept.append(order[first])
        order = order[~first]
    found = np.concatenate(kept)
    sorted_again: Indices = found[np.lexsort((values[found], weights[found]))]
    return sorted_again


def _best(parts: Sequence[Part], most: float, top: int) -> list[Indices]:
    """Looks ever further above the bound, until what was found proves that this was enough.

    Quickest with the neighbourhoods of wide ranges of weights first: in what is behind, little is
    left then that could make up for a bad sum.
    """
    relaxed = _Relaxed.of(parts, most, top)
    enough = relaxed.enough(top)
    allowance = enough * FIRST_ALLOWANCE
    while True:
        states = _pass(parts, relaxed, allowance, top)
        found = states.best(most, top)
        surplus = states.values[found[-1]] - relaxed.bound if len(found) == top else inf
        if surplus <= allowance or allowance == inf or (surplus < inf and allowance >= enough):
            return [states.path(state) for state in found.tolist()]
        enough = min(enough, surplus)
        further = 4 if states.num_sums < FEW_SUMS else 2
        wider = further * allowance or enough  # a part of the smallest number is nothing
        allowance = inf if allowance >= enough else min(wider, enough)


@dataclass(frozen=True)
class _Relaxed:
    """`bound`, that of `price`, is below the value of every selection; `reduced` is by choice what
    it lies above its neighbourhood's minimum, `known` a selection within the limit. `useful` are
    the choices that fewer than `top` others of their neighbourhood match or beat: who beats one
    has no more reduced value, so this does not depend on how far above the bound one looks.
    """

    parts: Sequence[Part]
    most: float
    price: float
    bound: float
    reduced: tuple[NDArray[np.float64], ...]
    known: tuple[int, ...]
    useful: tuple[Indices, ...]

    @classmethod
    def of(cls, parts: Sequence[Part], most: float, top: int) -> "_Relaxed":
        """At the price whose bound is the greatest."""
        price, known = _price(parts, most)
        priced = [values + price * weights for values, weights in parts]
        least = [float(each.min()) for each in priced]
        bound = sum(least) - (price * most if price else 0.0)
        reduced = tuple(np.asarray(each - low) for each, low in zip(priced, least, strict=True))
        useful = tuple(layers(weights, values, top) for values, weights in parts)
        return cls(parts, most, price, bound, reduced, known, useful)

    def forced(self, weights: NDArray[Any], rest: tuple[float, float]) -> NDArray[np.float64]:
        """What is sure to come on top of the surplus of parts of a selection that weigh so much,
        when what is behind them weighs between those two: the price of the weight that stays
        unused, or infinitely much where the limit cannot be kept.
        """
        light, heavy = rest
        unused = self.price * np.maximum(self.most - weights - heavy, 0)
        too_heavy = weights > self.most - light + ROUNDING * abs(self.most)
        return np.where(too_heavy, inf, unused)

    def enough(self, top: int) -> float:
        """An allowance above the bound within which the known selection and its exchanges lie; or,
        where these are fewer than `top`, any selection.
        """
        picked = list(zip(self.parts, self.known, strict=True))
        value, weight = (_sum(self.parts, self.known, of) for of in (0, 1))
        room = self.most - weight
        changes = np.concatenate(
            [
                (values - values[pick])[weights - weights[pick] <= room]
                for (values, weights), pick in picked
            ]
        )
        ranked = np.sort(np.append(changes[changes != 0], 0))[:top]
        if len(ranked) == top:
            value += float(ranked[-1])
        else:
            value = _sum(self.parts, [int(values.argmax()) for values, _ in self.parts], 0)
        return max(value - self.bound, 0.0)


class _States(NamedTuple):
    """What survived all neighbourhoods, and how it came about."""

    values: Numbers
    weights: Numbers
    back: list[tuple[Indices, Indices]]
    num_sums: int

    def best(self, most: float, top: int) -> Indices:
        fitting = np.flatnonzero(self.weights <= most)
        order = np.lexsort((self.weights[fitting], self.values[fitting]))
        found: Indices = fitting[order[:top]]
        return found

    def path(self, state: int) -> Indices:
        taken = []
        for before, choice in reversed(self.back):
            taken.append(choice[state])
            state = before[state]
        return np.asarray(taken[::-1], dtype=np.intp)


def _pass(parts: Sequence[Part], relaxed: _Relaxed, allowance: float, top: int) -> _States:
    reach = allowance * (1 + ROUNDING) + ROUNDING * abs(relaxed.bound)
    useful = [
        choices[reduced[choices] <= reach]
        for choices, reduced in zip(relaxed.useful, relaxed.reduced, strict=True)
    ]
    rests = _rests(parts, useful)
    values: NDArray[Any] = np.zeros(1, parts[0][0].dtype)
    weights: NDArray[Any] = np.zeros(1, parts[0][1].dtype)
    surplus, back, num_sums = np.zeros(1), [], 0
    for part, reduced, choices, rest in zip(parts, relaxed.reduced, useful, rests, strict=True):
        num_sums += len(choices) * len(values)
        if num_sums > MOST_SUMS:
            raise TooManySums
        all_values = np.add.outer(part[0][choices], values).ravel()
        all_weights = np.add.outer(part[1][choices], weights).ravel()
        all_surplus = np.add.outer(reduced[choices], surplus).ravel()
        fits = np.flatnonzero(all_surplus + relaxed.forced(all_weights, rest) <= reach)
        kept = fits[layers(all_weights[fits], all_values[fits], top)]
        taken, before = np.divmod(kept, len(values))
        values, weights, surplus = all_values[kept], all_weights[kept], all_surplus[kept]
        back.append((before, choices[taken]))
    return _States(values, weights, back, num_sums)


def _rests(parts: Sequence[Part], useful: Sequence[Indices]) -> list[tuple[float, float]]:
    """For each neighbourhood the least and the most that all behind it may weigh."""
    rests = [(0.0, 0.0)]
    for (_, weights), choices in zip(reversed(parts[1:]), reversed(useful[1:]), strict=True):
        light, heavy = rests[-1]
        taken = weights[choices].tolist()
        rests.append((light + min(taken), heavy + max(taken)))
    return rests[::-1]


def _price(parts: Sequence[Part], most: float) -> tuple[float, tuple[int, ...]]:
    """The price of the greatest bound, and the best selection met that keeps the limit.

    Between a selection that is too heavy and one that is not, the price at which both are worth the
    same is tried, until no selection is better there.
    """
    grid = _Grid.of(parts)
    heavy, fitting = grid.least(0.0), _lightest(parts)
    if _sum(parts, heavy, 1) <= most:
        return 0.0, heavy
    while True:
        (heavy_value, heavy_weight), (value, weight) = (
            (_sum(parts, picks, 0), _sum(parts, picks, 1)) for picks in (heavy, fitting)
        )
        price = (value - heavy_value) / (heavy_weight - weight)
        if price > DEAREST:
            return 0.0, fitting
        tried = grid.least(price)
        if tried in (heavy, fitting):
            return price, fitting
        worth = _sum(parts, tried, 0) + price * _sum(parts, tried, 1)
        if worth >= value + price * weight - ROUNDING * (abs(value) + price * abs(weight)):
            return price, fitting
        if _sum(parts, tried, 1) <= most:
            fitting = tried
        else:
            heavy = tried


class _Grid(NamedTuple):
    """All neighbourhoods at once, one in a row; what is no choice is worth infinitely much."""

    values: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, parts: Sequence[Part]) -> "_Grid":
        shape = len(parts), max(len(values) for values, _ in parts)
        grid = cls(np.full(shape, inf), np.zeros(shape))
        for row, (values, weights) in enumerate(parts):
            grid.values[row, : len(values)] = values
            grid.weights[row, : len(weights)] = weights
        return grid

    def least(self, price: float) -> tuple[int, ...]:
        """The choices of least value + price·weight; of equal ones the lightest."""
        priced = self.values + price * self.weights
        equal = priced == priced.min(axis=1, keepdims=True)
        return tuple(np.where(equal, self.weights, inf).argmin(axis=1).tolist())


def _lightest(parts: Sequence[Part]) -> tuple[int, ...]:
    return tuple(int(np.lexsort((values, weights))[0]) for values, weights in parts)


def _sum(parts: Sequence[Part], picks: Sequence[int] | Indices, of: int) -> float:
    total: float = sum(part[of][pick].item() for part, pick in zip(parts, picks, strict=True))
    return total
