"""Curves: trade-off curves of libraries, kept as they are sent as long as nothing changes them."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

from candidates.candidate import Cost
from search.budget import Budget, CostAxis
from search.problem import Choice, Problem
from search.selection import Selection
from service.bodies.curves import CurvePoint, Format, MeasuredPoint, PointedAt, TradeOffCurve
from service.curve_picture import picture_of
from service.curve_table import csv_of
from service.database import Session
from service.failures import LibraryUnfinished
from service.records import LibraryRecord, MeasuredStudentRecord
from service.repositories import devices, libraries
from service.shelves import Shelf, Shelves

MAX_BYTES = 32 * 2**20


class CurveWish(NamedTuple):
    """Which curve is wanted, and how; `device` is an id or a name."""

    library_id: str
    axis: CostAxis
    device: str | None
    most: int
    format: Format


@dataclass(frozen=True)
class Sheet:
    """A curve as it is sent; equal contents have equal digests."""

    content: bytes
    sha256: str


class Curves:
    """What was sent last stays until it takes too much memory or something new is to be shown."""

    def __init__(self, shelves: Shelves, max_bytes: int = MAX_BYTES) -> None:
        self._shelves, self._max_bytes = shelves, max_bytes
        self._kept: OrderedDict[tuple[object, ...], Sheet] = OrderedDict()
        self._lock = Lock()

    def sheet(self, session: Session, wish: CurveWish) -> Sheet:
        """Raises UnknownResource, LatenciesMissing, LibraryUnfinished, EmptyLibrary."""
        versions = [libraries.version(session, wish.library_id)]
        if wish.device is not None:
            table = devices.table_key(session, wish.device, wish.library_id)
            wish = wish._replace(device=table.device_id)
            versions.append(table.table_id)
        key = (wish, *versions)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        content = _written(self._curve(session, wish), wish.format)
        sheet = Sheet(content, hashlib.sha256(content).hexdigest())
        self._keep(key, sheet)
        return sheet

    def forget(self) -> None:
        """Keep nothing of what was sent."""
        with self._lock:
            self._kept.clear()

    def _curve(self, session: Session, wish: CurveWish) -> TradeOffCurve:
        shelf = self._shelves.of(session, wish.library_id)
        if shelf.ready_problem is None:
            raise _unfinished(libraries.get(session, wish.library_id))
        shelf = shelf.on_device(session, wish.device)
        return curve_of(shelf, wish)

    def _keep(self, key: tuple[object, ...], sheet: Sheet) -> None:
        with self._lock:
            self._kept[key] = sheet
            while sum(len(each.content) for each in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)


def curve_of(shelf: Shelf, wish: CurveWish) -> TradeOffCurve:
    """Of a ready library. Raises EmptyLibrary."""
    from search import table, trade_off, uniform  # with numpy, which a server may start without

    problem = shelf.problem
    table.check(problem)
    pen = _Pen(problem, shelf.teacher_cost, wish)
    found = trade_off.trade_off(problem, wish.axis)
    accuracy = shelf.library.teacher_accuracy
    assert accuracy is not None, "a ready library has seen the scoring images"
    return TradeOffCurve(
        library=wish.library_id,
        axis=wish.axis,
        device=wish.device,
        teacher_cost=shelf.teacher_cost,
        teacher_accuracy=accuracy,
        labels_from=shelf.library.labels_from,
        num_undominated=len(found) if found.is_complete else None,
        points=[pen.point(each) for each in trade_off.curve(problem, wish.axis, wish.most)],
        uniform=[pen.point(each) for each in uniform.uniform_selections(problem, wish.axis)],
        measured=sorted(map(pen.measured, shelf.measured), key=lambda each: each.share),
    )


@dataclass(frozen=True)
class _Pen:
    """Puts selections onto a curve."""

    problem: Problem
    teacher_cost: Cost
    wish: CurveWish

    def point(self, selection: Selection) -> CurvePoint:
        axis, device = self.wish.axis, self.wish.device
        limit = {axis: getattr(selection.cost, axis)}
        return CurvePoint(
            **dict(self._pointed_at(selection.cost, selection.loss)),
            choices=selection.choices,
            budget=Budget(**limit, device=device if axis == "latency_ms" else None),
        )

    def measured(self, student: MeasuredStudentRecord) -> MeasuredPoint:
        picks = self._picks(student.selection)
        pointed_at = self._pointed_at(self._cost(picks), self.problem.loss(picks))
        predicted = pointed_at.predicted_accuracy
        return MeasuredPoint(
            **dict(pointed_at),
            student=student.id,
            strategy=student.strategy,
            measured_accuracy=student.refitted,
            teacher_accuracy=student.teacher,
            inside=predicted.low <= student.refitted.value <= predicted.high,
        )

    def _pointed_at(self, cost: Cost, loss: float) -> PointedAt:
        axis = self.wish.axis
        return PointedAt(
            cost=cost,
            share=getattr(cost, axis) / getattr(self.teacher_cost, axis),
            loss=loss,
            predicted_accuracy=self.problem.predictor.accuracy(loss),
        )

    def _picks(self, selection: Selection) -> tuple[Choice, ...]:
        wanted = set(selection.choices)
        return tuple(c for part in self.problem.neighbourhoods for c in part if c.id in wanted)

    def _cost(self, picks: Sequence[Choice]) -> Cost:
        """With the latencies of this curve's device, not of the one it was made for."""
        return sum((pick.cost for pick in picks), self.problem.fixed)


def _unfinished(library: LibraryRecord) -> LibraryUnfinished:
    progress = library.progress
    return LibraryUnfinished(
        library.id, library.state, library.job_id, progress.done, progress.total
    )


def _written(curve: TradeOffCurve, format: Format) -> bytes:
    if format == "json":
        return curve.model_dump_json().encode()
    if format == "csv":
        return csv_of(curve).encode()
    return picture_of(curve, format)
