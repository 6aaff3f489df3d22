"""Calls on students, their measurements and refinements."""

from pathlib import Path
from typing import Any, Literal

from candidates.export.formats import FormatName
from candidates.refinement_settings import RefinementSettings
from search.budget import Budget
from search.settings import SearchSettings
from search.strategies import StrategyName
from service.bodies.refinements import RefinementBody
from service.bodies.students import MeasurementBody, StudentBody
from service.client.calls import delete, get, listed, path, post
from service.client.downloading import Downloading, OnBytes
from service.client.effects import Operation, Request, Telling
from service.client.operation import listing, operation

DEFAULTS = SearchSettings()


class StudentCalls:
    """Smaller networks under a budget."""

    @operation
    def request_student(
        self,
        library: str,
        budget: Budget,
        strategy: StrategyName = "exact",
        settings: SearchSettings = DEFAULTS,
        refine: bool = False,
    ) -> Operation[StudentBody]:
        """From a library that is ready, by its id."""
        limits = budget.model_dump(mode="json", exclude_none=True)
        wish = {"library": library, "budget": limits, "strategy": strategy, "refine": refine}
        body = {**wish, **settings.model_dump()}
        return (yield from post(StudentBody, path("students"), json=body))

    @operation
    def student(self, student: str) -> Operation[StudentBody]:
        """A student by its id."""
        return (yield from get(StudentBody, path("students", student)))

    @listing
    def students(
        self,
        library: str | None = None,
        parent: str | None = None,
        origin: Literal["selection", "refinement"] | None = None,
        strategy: StrategyName | None = None,
    ) -> Telling[StudentBody]:
        """All of them, newest first; those of a library, refined from a student, and so on."""
        asked = {"library": library, "parent": parent, "origin": origin, "strategy": strategy}
        return listed(StudentBody, path("students"), **asked)

    @operation
    def measure(self, student: str) -> Operation[MeasurementBody]:
        """Begin to measure a student; wait for its job, then look at the student again."""
        return (yield from post(MeasurementBody, path("students", student, "measurements")))

    @operation
    def refine(
        self, student: str, settings: RefinementSettings | None = None
    ) -> Operation[RefinementBody]:
        """Begin to refine a student; wait for its job, then look at the refinement."""
        body: Any = (settings or RefinementSettings()).model_dump(mode="json")
        where = path("students", student, "refinements")
        return (yield from post(RefinementBody, where, json=body))

    @operation
    def refinement(self, student: str, refinement: str) -> Operation[RefinementBody]:
        """One refinement of a student."""
        where = path("students", student, "refinements", refinement)
        return (yield from get(RefinementBody, where))

    @listing
    def refinements(self, student: str) -> Telling[RefinementBody]:
        """Of a student, newest first."""
        return listed(RefinementBody, path("students", student, "refinements"))

    @operation
    def download(
        self,
        student: str,
        target: Path,
        refitted: bool = False,
        format: FormatName = "safetensors",
        on_bytes: OnBytes | None = None,
    ) -> Operation[Path]:
        """The student's file at `target`, there only when whole and checked by its SHA-256; one
        that was broken off is gone on with.
        """
        params = {"format": format} | ({"refitted": True} if refitted else {})
        request = Request("GET", path("students", student, "checkpoint"), params)
        return (yield from Downloading(request, target, on_bytes).run())

    @operation
    def delete_student(self, student: str) -> Operation[None]:
        """With its measurement."""
        yield from delete(path("students", student))
