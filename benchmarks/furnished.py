"""Furnished service: the demo's images, teacher, library, measured students and a device in it."""

import os
from pathlib import Path

import httpx2
import torch

from benchmarks import digits, teacher
from candidates.images import ingest
from candidates.recipe import LibraryRecipe
from candidates.training_recipe import TrainingRecipe
from search.budget import Budget
from search.strategies import StrategyName
from service.bodies.devices import NewDeviceBody
from service.client import Client
from service.measured_search_settings import MeasuredSearchSettings
from service.survey_settings import SurveySettings

ARCHITECTURE = "cifar_resnet20"
LIBRARY = LibraryRecipe(
    kinds={"width": {}, "sparse": {"sparsity": (0.5, 0.75), "method": ("obc",)}}, steps=10
)
MEASURED: tuple[tuple[float, StrategyName], ...] = (
    (0.7, "exact"), (0.5, "exact"), (0.3, "exact"), (0.2, "exact"), (0.12, "exact"),
    (0.5, "uniform"), (0.25, "uniform"),
)  # fmt: skip
SHOWN = Budget(parameters="25%", macs="45%")
DEVICE = "laptop"
SEARCHED = Budget(parameters="30%")
NUM_TRIALS = 10


def furnish(client: Client, folder: Path, epochs: int = 12) -> dict[str, str]:
    """Everything of it, waited for; returns ids by kind of resource. Files go to `folder`."""
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    archive, weights = folder / "digits.zip", folder / "teacher.safetensors"
    digits.write_archive(archive)
    images = ingest(archive).calibration
    recipe = teacher.recipe_for(images, ARCHITECTURE)
    training = TrainingRecipe(
        epochs=epochs, batch_size=64, learning_rate=0.1, weight_decay=5e-4, translation=1
    )
    teacher.write_teacher(weights, recipe, images, training, lambda done, total: None)
    dataset = client.post_dataset("Digits, 16 × 16", archive)
    posted = client.post_teacher("ResNet-20 on digits", recipe, weights)
    client.wait(dataset.job)
    client.wait(posted.job)
    library = client.build_library(posted.id, dataset.id, LIBRARY)
    client.wait(library.job)
    for share, strategy in MEASURED:
        _measured(client, library.id, Budget(parameters=f"{100 * share:g}%"), strategy)
    student = _measured(client, library.id, SHOWN, "exact")
    client.post_device(_device(client, library.id))
    return {
        "dataset": dataset.id, "teacher": posted.id, "library": library.id,
        "student": student,
    }  # fmt: skip


def works(client: Client, library: str) -> dict[str, str]:
    """Ids of a survey and a search on a library, waited for; there is one of each."""
    survey = client.post_survey(library, SurveySettings(count=6))
    search = client.post_search(library, SEARCHED, MeasuredSearchSettings(trials=NUM_TRIALS))
    for job in (survey.job, search.job):
        client.wait(job)
    return {"survey": survey.id, "search": search.id}


def _measured(client: Client, library: str, budget: Budget, strategy: StrategyName) -> str:
    """Id of a student that was measured."""
    student = client.request_student(library, budget, strategy)
    client.wait(client.measure(student.id).job)
    return student.id


def _device(client: Client, library: str) -> NewDeviceBody:
    """Latencies made up from MACs, as a device without overheads would have them."""
    url = f"{client.url}/v1/libraries/{library}"
    latencies: dict[str, dict[str, float]] = {}
    cursor = ""
    while cursor is not None:
        page = httpx2.get(f"{url}/candidates?limit=500{cursor}").json()
        latencies |= {each["id"]: _made_up(each["cost"]["macs"]) for each in page["items"]}
        cursor = page["next"] and f"&cursor={page['next']}"
    whole = client.trade_off_curve(library, points=2).teacher_cost.macs
    names = [each["name"] for each in httpx2.get(f"{url}/neighbourhoods").json()["items"]]
    return NewDeviceBody.model_validate(
        {
            "name": DEVICE, "description": "Made up from multiply-accumulates", "library": library,
            "setting": {"backend": "made up", "hardware": "cpu", "threads": 1, "repeats": 1},
            "teacher": _made_up(whole), "candidates": latencies,
            "parts": {name: _made_up(whole / len(names)) for name in names},
        }
    )  # fmt: skip


def _made_up(macs: float) -> dict[str, float]:
    return {"latency_ms": 0.02 + macs / 4e6, "spread_ms": 0.01}
