"""Shelves: what is needed of a library to make students from it, loaded once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from candidates.candidate import Cost
from candidates.errors import EmptyLibrary, UnsupportedBudget
from search.budget import Budget
from search.problem import MeasuredStudent, Problem
from service.database import Session
from service.failures import ResourceNotReady
from service.latency_table import timed
from service.records import (
    CandidateRecord,
    LibraryRecord,
    MeasuredStudentRecord,
    StudentRecord,
    TeacherRecord,
)
from service.repositories import candidates, devices, libraries, measured, teachers

MAX_SHELVES = 16


@dataclass(frozen=True)
class Shelf:
    """A library, its teacher, its measured students, and those of its candidates that were asked
    for.
    """

    library: LibraryRecord
    teacher: TeacherRecord
    ready_problem: Problem | None
    measured: tuple[MeasuredStudentRecord, ...]
    records: dict[str, CandidateRecord] = field(default_factory=dict)
    on_devices: dict[str, "Shelf"] = field(default_factory=dict)

    @property
    def problem(self) -> Problem:
        """The candidates as the strategies see them.

        Raises ResourceNotReady unless all are there, and EmptyLibrary where a neighbourhood has
        none.
        """
        if self.ready_problem is None:
            raise ResourceNotReady("library", self.library.id, self.library.state)
        if not all(self.ready_problem.neighbourhoods):
            self._tell_of_an_empty_one(self.ready_problem)
        return self.ready_problem

    def on_device(self, session: Session, device: str | None) -> "Shelf":
        """The same with the latencies of a device, by its id or name, in all costs; without one,
        this shelf. Raises UnknownResource, LatenciesMissing.
        """
        if device is None:
            return self
        key = devices.table_key(session, device, self.library.id)
        if key.table_id not in self.on_devices:
            table = devices.table(session, key.table_id)
            cost = timed(self.teacher_cost, table.teacher.latency_ms)
            teacher = self.teacher.model_copy(update={"cost": cost})
            shelf = Shelf(
                self.library, teacher, table.on(self.problem), self.measured, self.records
            )
            self.on_devices[key.table_id] = shelf
        return self.on_devices[key.table_id]

    def problem_on(self, session: Session, device: str | None) -> Problem:
        """The candidates with the latencies of a device; raises like `on_device` and `problem`."""
        return self.on_device(session, device).problem

    @property
    def teacher_cost(self) -> Cost:
        """What the whole teacher takes."""
        assert self.teacher.cost is not None, "a ready library has a ready teacher"
        return self.teacher.cost

    def absolute(self, budget: Budget) -> Budget:
        """The same budget in numbers only.

        Raises UnsupportedBudget where it limits a peak of activations that nobody counted.
        """
        if budget.activation_bytes is not None:
            self._check_counted(budget.activation_bytes)
        return budget.resolved(self.teacher_cost)

    def chosen(self, session: Session, candidate_ids: Sequence[str]) -> tuple[CandidateRecord, ...]:
        """These candidates of the library, in this order; each is loaded once."""
        missing = [each for each in candidate_ids if each not in self.records]
        if missing:
            found = candidates.chosen(session, missing)
            self.records.update({record.id: record for record in found})
        return tuple(self.records[each] for each in candidate_ids)

    def _tell_of_an_empty_one(self, problem: Problem) -> NoReturn:
        assert self.library.split is not None, "a ready library was cut"
        parts = zip(self.library.split.neighbourhoods, problem.neighbourhoods, strict=True)
        name = next(part.name for part, choices in parts if not choices)
        raise EmptyLibrary(
            f"The library '{self.library.id}' has no candidate for the neighbourhood '{name}', so "
            f"no student can be made. /v1/libraries/{self.library.id}/omissions says why. Build a "
            "library with kinds that apply there."
        )

    def _check_counted(self, limit: int | str) -> None:
        if not self.problem.fixed.activation_bytes:
            raise UnsupportedBudget(
                f"The library '{self.library.id}' was built before the peak of activations was "
                "counted, so activation_bytes cannot be limited. Limit another cost, or build a "
                "library of the same teacher with another recipe; another seed is enough."
            )
        if isinstance(limit, str) and not self.teacher_cost.activation_bytes:
            raise UnsupportedBudget(
                f"The teacher '{self.teacher.id}' was posted before the peak of activations was "
                f"counted, so activation_bytes cannot be limited to {limit} of it. Give a number "
                "of bytes."
            )


class Shelves:
    """Remembers the latest ones, each until its library, or what is measured of it, changes."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Shelf] = {}

    def of(self, session: Session, library_id: str) -> Shelf:
        """Raises UnknownResource."""
        return self._at(session, library_id, libraries.version(session, library_id))

    def of_student(self, session: Session, student: StudentRecord) -> Shelf:
        """That of its library, of which the record tells the version, so that nobody is asked."""
        return self._at(session, student.library_id, student.library_version)

    def _at(self, session: Session, library_id: str, version: str) -> Shelf:
        key = (library_id, version)
        shelf = self._kept.get(key)
        if shelf is None:
            shelf = self._kept[key] = _load(session, library_id)
            for oldest in list(self._kept)[:-MAX_SHELVES]:
                self._kept.pop(oldest, None)
        return shelf


def _load(session: Session, library_id: str) -> Shelf:
    library = libraries.get(session, library_id)
    teacher = teachers.get(session, library.teacher_id)
    students = measured.of_library(session, library_id)
    if library.state != "ready":
        return Shelf(library, teacher, None, students)
    problem = candidates.problem(session, library_id)
    return Shelf(library, teacher, problem.with_measured(_teaching(students)), students)


def is_teaching(student: MeasuredStudentRecord) -> bool:
    """Whether a predictor may learn from it: refined ones are better than their candidates tell."""
    return student.origin == "selection"


def _teaching(students: Sequence[MeasuredStudentRecord]) -> list[MeasuredStudent]:
    return [
        MeasuredStudent(choices=each.selection.choices, accuracy=each.refitted)
        for each in filter(is_teaching, students)
    ]
