"""Latency tables: what was measured on a device, and a problem as it is there."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from candidates.candidate import Cost
from candidates.graph.neighbourhood import Split
from candidates.value import Value
from search.problem import Choice, Problem
from search.totals import cost_of
from service.failures import InvalidLatencies

Milliseconds = Annotated[float, Field(ge=0, le=1e9)]
Text = Annotated[str, Field(max_length=200)]


class Latency(Value):
    """The median of several runs over one batch, and half the distance between the quartiles."""

    latency_ms: Milliseconds
    spread_ms: Milliseconds = 0.0


class Setting(Value):
    """How it was measured: runtime with its version, processor, images of a batch, threads of the
    processor and repetitions.
    """

    backend: Text
    hardware: Text = ""
    batch: int = Field(default=1, ge=1)
    threads: int | None = Field(default=None, ge=1)
    repeats: int = Field(ge=1)


class LatencyTable(Value):
    """Of one library on one device: the whole teacher, its own parts by neighbourhood, and every
    candidate by its id.
    """

    setting: Setting
    teacher: Latency
    parts: dict[str, Latency] = Field(description="The teacher's own neighbourhoods, by name.")
    candidates: dict[str, Latency] = Field(description="By id.")

    @property
    def share(self) -> float:
        """What a part counts for of its own latency, at most all: where the teacher's parts take
        longer one by one than together, each is shortened alike, so that no student can seem to
        take less than no time.
        """
        alone = self._alone_ms
        return min(1.0, self.teacher.latency_ms / alone) if alone else 1.0

    @property
    def fixed_ms(self) -> float:
        """What the teacher takes beyond the sum of its own parts, so that the sum is exact for it;
        0 where they explain all of it.
        """
        return max(0.0, self.teacher.latency_ms - self._alone_ms)

    @property
    def _alone_ms(self) -> float:
        return sum(part.latency_ms for part in self.parts.values())

    def total_ms(self, candidates: Iterable[str]) -> float:
        """What a student of these candidates should take."""
        return self.fixed_ms + sum(map(self._counted_ms, candidates))

    def check(self, split: Split, problem: Problem) -> None:
        """Raises InvalidLatencies naming what is missing or does not belong to a library."""
        names = [each.name for each in split.neighbourhoods]
        _check_same("neighbourhood of the teacher", self.parts, names)
        ids = [choice.id for choices in problem.neighbourhoods for choice in choices]
        _check_same("candidate of the library", self.candidates, ids)
        self._check_takes_time(self.on(problem))

    def on(self, problem: Problem) -> Problem:
        """The same problem with this device's latencies in its costs."""
        fields = {name: getattr(problem, name) for name in Problem.model_fields}
        neighbourhoods = tuple(
            tuple(self._timed(choice) for choice in choices) for choices in problem.neighbourhoods
        )
        fixed = timed(problem.fixed, self.fixed_ms)
        return Problem(**{**fields, "neighbourhoods": neighbourhoods, "fixed": fixed})

    def _timed(self, choice: Choice) -> Choice:
        cost = timed(choice.cost, self._counted_ms(choice.id))
        return choice.model_copy(update={"cost": cost})

    def _counted_ms(self, candidate: str) -> float:
        return self.share * self.candidates[candidate].latency_ms

    def _check_takes_time(self, problem: Problem) -> None:
        fastest = [
            min(choices, key=lambda choice: choice.cost.latency_ms)
            for choices in problem.neighbourhoods
            if choices
        ]
        if not cost_of(problem, fastest).latency_ms:
            raise InvalidLatencies(
                "By these latencies the fastest student takes less than half a nanosecond; the "
                f"teacher takes {self.teacher.latency_ms:g} ms, its own parts {self._alone_ms:g} "
                "ms one by one. Measure again, with more --repeats or on a quieter machine."
            )


def timed(cost: Cost, latency_ms: float) -> Cost:
    """The same cost with the latency of some device."""
    return cost.model_copy(update={"latency_ms": latency_ms})


def _check_same(what: str, given: Mapping[str, Latency], wanted: Iterable[str]) -> None:
    expected = set(wanted)
    unknown = sorted(given.keys() - expected)
    missing = sorted(expected - given.keys())
    if unknown:
        raise InvalidLatencies(
            f"The table times '{unknown[0]}', which is no {what}; {len(unknown)} of "
            f"{len(given)} entries are not. Measure with the latency kit of this library."
        )
    if missing:
        raise InvalidLatencies(
            f"The table has no latency of '{missing[0]}', a {what}; {len(missing)} of "
            f"{len(expected)} are missing. Measure with the latency kit of this library."
        )
