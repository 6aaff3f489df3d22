"""Rows as revision 0001 left them: a finished library with a student."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, MetaData

from candidates.candidate import identity
from tests.service import builders

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MADE: dict[str, Any] = {"job_id": "job_1", "state": "ready", "created_at": NOW}
SPLIT = {"neighbourhoods": [{"name": "layer0", "carriers": []}], "coverage": 0.9}
TEACHER = builders.new_teacher()
CANDIDATE = builders.new_candidate(0, 0.5)
COST = builders.COST.model_dump()
POSTED = {"recipe": TEACHER.recipe.model_dump(mode="json"), "weights": TEACHER.weights.sha256}
WISH = {"teacher_id": "teacher_1", "dataset_id": "dataset_1", "recipe": {"multipliers": [0.5, 1.0]}}
ROWS: dict[str, dict[str, Any]] = {
    "jobs": {
        "id": "job_1", "created_at": NOW, "kind": "library", "resource_id": "library_1",
        "state": "succeeded", "finished_at": NOW,
    },
    "datasets": MADE | {
        "id": "dataset_1", "name": "pets", "digest": "d" * 64, "sha256": "e" * 64,
        "contents": builders.CONTENTS.model_dump(mode="json"),
    },
    "teachers": MADE | {
        "id": "teacher_1", "name": "net", "digest": identity(**POSTED), "cost": COST,
        "recipe": POSTED["recipe"], "weights_sha256": POSTED["weights"], "weights_size_bytes": 10,
        "split": SPLIT, "fixed_cost": COST,
    },
    "libraries": MADE | WISH | {
        "id": "library_1", "digest": identity(**WISH), "teacher_accuracy": 90.0,
        "teacher_accuracy_se": 0.5,
    },
    "candidates": {
        "id": "candidate_1", "library_id": "library_1", "identity": CANDIDATE.identity,
        "neighbourhood": "layer0", "neighbourhood_index": 0, "position": 0, "kind": "width",
        "knobs": CANDIDATE.candidate.knobs, "kept": {}, **COST, "num_images": 2,
        "weights_sha256": CANDIDATE.weights_sha256,
        **dict.fromkeys(["accuracy", "accuracy_drop", "kl", "logit_mse"], 0.5),
        **dict.fromkeys(["accuracy_se", "accuracy_drop_se", "kl_se", "logit_mse_se"], 0.1),
    },
    "students": {
        "id": "student_1", "created_at": NOW, "library_id": "library_1", "digest": "a" * 64,
        "budget": {"parameters": 900}, "strategy": "exact", "settings": {},
        "checkpoint_sha256": "c" * 64, "checkpoint_size_bytes": 3,
        "selection": {
            "choices": ["candidate_1"], "loss": 0.1, "cost": COST,
            "predicted_accuracy": builders.ESTIMATE.model_dump(),
        },
    },
}  # fmt: skip


def insert(connection: Connection) -> None:
    """Into the tables as they are."""
    tables = MetaData()
    tables.reflect(connection)
    for name, row in ROWS.items():
        connection.execute(tables.tables[name].insert().values(**row))
