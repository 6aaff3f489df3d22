"""Demo: the whole job on scikit-learn's digits, with a teacher trained on the spot.

`make demo`, or `python -m benchmarks.demo`.
"""

import os
import tempfile
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from benchmarks import digits, teacher
from benchmarks.ending import run_to_the_end
from benchmarks.main_job import MainJob, run
from benchmarks.server import serving
from candidates.data import Dataset
from candidates.images import ingest
from candidates.recipe import LibraryRecipe, TeacherRecipe
from candidates.training_recipe import TrainingRecipe

ARCHITECTURE = "cifar_resnet20"
TRAINING = TrainingRecipe(
    epochs=12, batch_size=64, learning_rate=0.1, weight_decay=5e-4, translation=1
)
SHARES = (0.75, 0.5, 0.3)
LIBRARY = LibraryRecipe(steps=20)
KEPT = Path("var") / "demo"


def main() -> None:
    """Downloads, picture and log stay in var/demo; all else is gone at the end."""
    console, begun = Console(), time.monotonic()
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="student-search-") as folder:
        archive, weights = Path(folder) / "digits.zip", Path(folder) / "teacher.safetensors"
        digits.write_archive(archive)
        with serving(Path(folder), KEPT / "server.log") as (client, _):
            console.print("The service runs.")
            recipe = _train_teacher(ingest(archive), weights, console)
            job = MainJob("Digits", recipe, weights, archive, LIBRARY, SHARES, KEPT)
            run(job, client, lambda c: c.post_dataset("digits", archive), console)
    console.print(f"Done in {time.monotonic() - begun:.0f} s; the students lie in {KEPT}/.")


def _train_teacher(dataset: Dataset, weights: Path, console: Console) -> TeacherRecipe:
    images = dataset.calibration
    recipe = teacher.recipe_for(images, ARCHITECTURE)
    with Progress(console=console) as progress:
        bar = progress.add_task("training a teacher")
        teacher.write_teacher(
            weights,
            recipe,
            images,
            TRAINING,
            lambda done, total: progress.update(bar, completed=done, total=total),
        )
    return recipe


if __name__ == "__main__":
    run_to_the_end(main)
