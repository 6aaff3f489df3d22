"""Random small cases under random budgets, and their answers by enumeration."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple, get_args

import numpy as np

from candidates.candidate import Cost
from search.budget import Axis, Budget, CostAxis
from search.problem import Choice, Problem
from search.totals import cost_of, cost_on, whole
from tests.search.problems import choice

Picks = tuple[Choice, ...]
ALL_LIMITS: tuple[tuple[Axis, ...], ...] = (
    ("parameters",), ("latency_ms",), ("macs",), ("activation_bytes",), ("accuracy_drop",),
    ("parameters", "accuracy_drop"), ("parameters", "activation_bytes"),
    ("accuracy_drop", "activation_bytes"), ("parameters", "macs"), ("parameters", "latency_ms"),
    ("parameters", "macs", "latency_ms"), ("macs", "latency_ms", "accuracy_drop"),
    ("parameters", "macs", "activation_bytes", "accuracy_drop"),
)  # fmt: skip


class RandomCase(NamedTuple):
    """A problem of up to four neighbourhoods of up to five choices, many of them tied."""

    problem: Problem
    budget: Budget
    top: int

    def fitting(self) -> list[Picks]:
        """All selections that keep the budget, the best first."""
        every = product(*self.problem.neighbourhoods)
        return sorted((picks for picks in every if self.keeps(picks)), key=self.value)

    def with_limits(self, limits: dict[Axis, float]) -> "RandomCase":
        """The same problem within these limits alone; there is one that is more than 0."""
        none = dict.fromkeys(get_args(Axis))
        return self._replace(budget=self.budget.model_copy(update=none | limits))

    def keeps(self, picks: Picks) -> bool:
        """Whether every limit is kept."""
        return all(self.taken(picks, axis) <= limit for axis, limit in self._limits())

    def value(self, picks: Picks) -> float:
        """What is to be made small."""
        if self.budget.accuracy_drop is not None and not self.budget.cost_axes:
            return cost_on(cost_of(self.problem, picks), self.budget.minimise)
        return sum(pick.score.kl.value for pick in picks)

    def taken(self, picks: Picks, axis: Axis) -> float:
        """In nats for a drop, in whole units for a cost."""
        if axis == "accuracy_drop":
            return sum(pick.score.kl.value for pick in picks)
        return _units(axis, getattr(cost_of(self.problem, picks), axis))

    def _limits(self) -> list[tuple[Axis, float]]:
        largest = self.problem.predictor.largest_loss
        return [
            (axis, largest(limit) if axis == "accuracy_drop" else _units(axis, limit))
            for axis, limit in self.budget.limits.items()
        ]


def random_case(seed: int) -> RandomCase:
    """Always the same one for a seed; about every fourth has no answer."""
    numbers = np.random.default_rng(seed)
    places = [
        tuple(_choice(f"{place}.{rank}", numbers) for rank in range(numbers.integers(1, 6)))
        for place in range(numbers.integers(1, 5))
    ]
    fixed = Cost(parameters=2, macs=3, bytes=8, activation_bytes=40, latency_ms=0.25)
    problem = Problem(neighbourhoods=tuple(places), fixed=fixed, teacher_accuracy=90.0)
    axes = ALL_LIMITS[seed % len(ALL_LIMITS)]
    return RandomCase(problem, _budget(problem, axes, numbers), int(numbers.integers(1, 5)))


def _choice(id: str, numbers: np.random.Generator) -> Choice:
    tied = bool(numbers.integers(2))
    kl = float(numbers.choice([0.0, 0.1, 0.2, 0.3]) if tied else numbers.random())
    made = choice(id, int(numbers.integers(0, 9)), kl, 8 * kl, macs=int(numbers.integers(0, 9)))
    more = {
        "activation_bytes": int(numbers.integers(1, 9)) * 10,
        "latency_ms": int(numbers.integers(0, 9)) / 10,
    }
    return made.model_copy(update={"cost": made.cost.model_copy(update=more)})


def _budget(problem: Problem, axes: Sequence[Axis], numbers: np.random.Generator) -> Budget:
    """Limits near what some selection takes."""
    picks = [part[numbers.integers(len(part))] for part in problem.neighbourhoods]
    cost = cost_of(problem, picks)
    loss = sum(pick.score.kl.value for pick in picks)
    limits: dict[str, object] = {
        axis: problem.predictor.drop(loss).value + 0.01
        if axis == "accuracy_drop"
        else max(getattr(cost, axis) + int(numbers.integers(-2, 3)), 1)
        for axis in axes
    }
    alone = not set(axes) & set(get_args(CostAxis)) and "accuracy_drop" in axes
    minimise = str(numbers.choice(get_args(CostAxis))) if alone else "parameters"
    timed = "latency_ms" in (*axes, minimise)
    return Budget.model_validate(
        limits | {"minimise": minimise, "device": "some" if timed else None}
    )


def _units(axis: Axis, value: float) -> float:
    return whole(axis, value) if axis in get_args(CostAxis) else value  # type: ignore[arg-type]
