"""Calls on libraries, and on what is seen in them."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from candidates.candidate import Omitted
from candidates.recipe import LibraryRecipe
from search.budget import CostAxis
from service.bodies.calibration import CalibrationBody
from service.bodies.curves import TradeOffCurve
from service.bodies.libraries import CandidateBody, LibraryBody
from service.bodies.splits import Neighbourhoods
from service.client.calls import delete, get, listed, path, post
from service.client.downloading import Downloading
from service.client.effects import Operation, Request, Telling
from service.client.operation import listing, operation
from service.records import State

POINTS = 200


class LibraryCalls:
    """All scored candidates of a teacher under one recipe and one data set."""

    @operation
    def build_library(
        self, teacher: str, dataset: str | None, recipe: LibraryRecipe
    ) -> Operation[LibraryBody]:
        """For a teacher and a data set that are ready, by their ids; a recipe whose inputs are made
        up takes none.
        """
        body = {"dataset": dataset, **recipe.model_dump(mode="json")}
        return (yield from post(LibraryBody, path("teachers", teacher, "libraries"), json=body))

    @operation
    def library(self, library: str) -> Operation[LibraryBody]:
        """A library by its id."""
        return (yield from get(LibraryBody, path("libraries", library)))

    @listing
    def libraries(
        self, teacher: str | None = None, dataset: str | None = None, state: State | None = None
    ) -> Telling[LibraryBody]:
        """All of them, newest first; those of a teacher, on a data set, in a state."""
        asked = {"teacher": teacher, "dataset": dataset, "state": state}
        return listed(LibraryBody, path("libraries"), **asked)

    @operation
    def library_neighbourhoods(self, library: str) -> Operation[Neighbourhoods]:
        """How its teacher is split at its granularity."""
        return (yield from get(Neighbourhoods, path("libraries", library, "neighbourhoods")))

    @listing
    def candidates(
        self,
        library: str,
        neighbourhood: str | None = None,
        kind: str | None = None,
        limits: Mapping[str, float] = MappingProxyType({}),
    ) -> Telling[CandidateBody]:
        """All scored ones, from input to output; those of a neighbourhood or kind, or within limits
        by name (max_parameters, max_macs, max_bytes, max_kl).
        """
        asked: dict[str, Any] = {"neighbourhood": neighbourhood, "kind": kind, **limits}
        return listed(CandidateBody, path("libraries", library, "candidates"), **asked)

    @listing
    def omissions(self, library: str) -> Telling[Omitted]:
        """Candidates that a neighbourhood cannot have, and why."""
        return listed(Omitted, path("libraries", library, "omissions"))

    @operation
    def trade_off_curve(
        self,
        library: str,
        axis: CostAxis = "parameters",
        points: int = POINTS,
        device: str | None = None,
    ) -> Operation[TradeOffCurve]:
        """The undominated selections of a library; for latencies, on a device."""
        where = path("libraries", library, "trade-off-curve")
        return (yield from get(TradeOffCurve, where, axis=axis, points=points, device=device))

    @operation
    def download_curve(
        self,
        library: str,
        target: Path,
        format: Literal["csv", "svg", "png"] = "svg",
        axis: CostAxis = "parameters",
        device: str | None = None,
    ) -> Operation[Path]:
        """The same as a table or a picture, in a file."""
        params = {"axis": axis, "format": format} | ({"device": device} if device else {})
        request = Request("GET", path("libraries", library, "trade-off-curve"), params)
        return (yield from Downloading(request, target).run())

    @operation
    def calibration(self, library: str) -> Operation[CalibrationBody]:
        """How many measured students lay inside their predicted interval."""
        return (yield from get(CalibrationBody, path("libraries", library, "calibration")))

    @operation
    def delete_library(self, library: str) -> Operation[None]:
        """With its candidates; refused while a student refers to it."""
        yield from delete(path("libraries", library))
