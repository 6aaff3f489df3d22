"""A service in the test's own process; what workers would do is done by the test."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi.testclient import TestClient

from candidates.candidate import Candidate, Cost, Estimate, Score, identity
from candidates.graph.neighbourhood import Split
from candidates.recipe import TeacherRecipe
from service.api.parts import Parts
from service.ledger import Ledger, Write
from service.records import Failure, UnitRecord
from service.repositories import candidates, datasets, libraries, measurements, teachers
from service.repositories.candidates import NewCandidate
from service.repositories.measurements import Measured
from tests.service import networks
from tests.service.builders import CONTENTS, FILE
from tests.service.networks import NUM_CHANNELS, NUM_CLASSES, NUM_NEIGHBOURHOODS

OUTER = Cost(parameters=10, macs=100, bytes=40)
RECIPE = {
    "architecture": "cifar_resnet20",
    "kwargs": {"num_classes": 10},
    "input": [3, 32, 32],
    "preprocessing": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
}


@dataclass(frozen=True)
class World:
    """`http` speaks to the service, `parts` and `ledger` are what it is made of."""

    http: TestClient
    parts: Parts
    ledger: Ledger

    def post_teacher(self, weights: bytes | None = None, **changes: Any) -> httpx2.Response:
        form = {"name": "net", "recipe": json.dumps(RECIPE)} | changes
        content = networks.teacher_weights().to_bytes() if weights is None else weights
        return self.http.post("/v1/teachers", data=form, files={"weights": content})

    def post_dataset(self, archive: bytes = b"images") -> httpx2.Response:
        return self.http.post("/v1/datasets", data={"name": "pets"}, files={"archive": archive})

    def post_library(self, teacher: str, dataset: str, **recipe: Any) -> httpx2.Response:
        body = {"dataset": dataset, "multipliers": [0.25, 0.5], **recipe}
        return self.http.post(f"/v1/teachers/{teacher}/libraries", json=body)

    def post_student(self, library: str, **wish: Any) -> httpx2.Response:
        body = {"library": library, "budget": {"parameters": 200}, **wish}
        return self.http.post("/v1/students", json=body)

    def ready_teacher(self, split: Split | None = None) -> str:
        teacher: str = self.post_teacher().json()["id"]
        own = networks.teacher_file(TeacherRecipe.model_validate(RECIPE))
        checked = teachers.CheckedTeacher(
            network=self.parts.artifacts.put(own.to_bytes()),
            num_classes=NUM_CLASSES,
            split=split or networks.split(),
            cost=Cost(parameters=10 + 3 * 80, macs=1000, bytes=1000),
            fixed_cost=OUTER,
        )
        self.do(lambda session: teachers.finish(session, teacher, checked))
        return teacher

    def ready_dataset(self) -> str:
        dataset: str = self.post_dataset().json()["id"]
        self.do(lambda session: datasets.finish(session, dataset, FILE.sha256, CONTENTS))
        return dataset

    def ready_library(self, **recipe: Any) -> str:
        return self.another_library(self.ready_teacher(), self.ready_dataset(), **recipe)

    def another_library(self, teacher: str, dataset: str, **recipe: Any) -> str:
        """Of a teacher and a data set that are ready."""
        library: str = self.post_library(teacher, dataset, **recipe).json()["id"]
        self.gather(library)
        for _ in range(NUM_NEIGHBOURHOODS):
            unit = self.claim()
            made = [self._candidate(unit.payload["index"], width) for width in (1, 2, 4)]
            self.complete_with_candidates(unit, library, made)
        return library

    def gather(self, library: str) -> None:
        """What the first unit of a library does."""
        gathered = libraries.Gathered(
            sha256=FILE.sha256,
            accuracy=Estimate(value=90.0, standard_error=0.5),
            split=networks.split(),
            fixed_cost=OUTER,
        )
        self.do(lambda session: libraries.note_statistics(session, library, gathered))

    def ready_student(self, **wish: Any) -> dict[str, Any]:
        answer = self.post_student(self.ready_library(), **wish)
        assert answer.is_success, answer.text
        student: dict[str, Any] = answer.json()
        return student

    def measure(self, student: str, content: bytes = b"refitted") -> str:
        """Measured by a worker, who left this as the refitted file."""
        answer = self.http.post(f"/v1/students/{student}/measurements").json()
        estimates = {
            name: Estimate(value=value, standard_error=0.4)
            for name, value in {"assembled": 70.0, "refitted": 80.0, "teacher": 91.0}.items()
        }
        measured = Measured(**estimates, file=self.parts.artifacts.put(content))
        self.do(lambda session: measurements.finish(session, answer["id"], measured))
        measurement: str = answer["id"]
        return measurement

    def claim(self) -> UnitRecord:
        unit = self.ledger.claim("worker")
        assert unit is not None
        return unit

    def do(self, write: Write) -> None:
        self.ledger.complete(self.claim(), write)

    def fail(self, error: str, detail: str) -> None:
        self.ledger.fail(self.claim(), Failure(error=error, detail=detail), final=True)

    def complete_with_candidates(
        self, unit: UnitRecord, library: str, made: Sequence[NewCandidate]
    ) -> None:
        index = unit.payload["index"]
        self.ledger.complete(unit, lambda s: candidates.add_all(s, library, index, made))

    def _candidate(self, index: int, width: int) -> NewCandidate:
        weights = networks.candidate_file(index, width)
        loss = Estimate(value=float(NUM_CHANNELS - width), standard_error=0.1)
        candidate = Candidate(
            neighbourhood=f"block{index}",
            kind="width",
            knobs={"multiplier": width / NUM_CHANNELS},
            kept={f"block{index}.inner": tuple(range(width))},
            cost=Cost(parameters=20 * width, macs=75 * width, bytes=80 * width),
            score=Score(
                accuracy=Estimate(value=90 - loss.value, standard_error=0.1),
                accuracy_drop=loss,
                kl=loss,
                logit_mse=loss,
                agreement=Estimate(value=95 - loss.value, standard_error=0.1),
                num_images=2,
            ),
        )
        stored = self.parts.artifacts.put(weights.to_bytes())
        made = identity(index=index, width=width)
        return NewCandidate(identity=made, candidate=candidate, weights_sha256=stored.sha256)
