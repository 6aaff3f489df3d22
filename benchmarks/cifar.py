"""CIFAR: the main job on CIFAR-10 with a ResNet-20 teacher.

`make cifar DATA=… TEACHER=… [ARGS="--steps 100"]`, or `python -m benchmarks.cifar DATA TEACHER`.
DATA is read where it lies: an archive, an ImageFolder or torchvision's CIFAR-10 folder.
"""

import argparse
import json
import tempfile
import time
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks.cifar_job import RECIPE, parser
from benchmarks.ending import run_to_the_end
from benchmarks.main_job import MainJob, run
from benchmarks.server import serving
from candidates.images import ingest
from candidates.recipe import LibraryRecipe
from service.bodies.datasets import DatasetBody
from service.client import Client

KEPT = Path("var") / "cifar"


def main() -> None:
    """Downloads, picture and log stay in var/cifar; all else is gone at the end."""
    given = _arguments()
    console, begun, source = Console(), time.monotonic(), given.data.resolve()
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="student-search-") as folder:
        images = Path(folder) / "images.safetensors"
        readable = json.dumps([str(source.parent)])
        log = KEPT / "server.log"
        with serving(Path(folder), log, data_roots=readable) as (client, _):
            console.print("The service runs. Reading the images for the rebuilt students.")
            ingest(source).save(images)
            post = partial(_post_images, source=source, upload=given.upload)
            run(_job(given, images), client, post, console)
    console.print(f"Done in {time.monotonic() - begun:.0f} s; the students lie in {KEPT}/.")


def _arguments() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--steps", type=int, default=50, help="refinement steps a candidate")
    options.add_argument("--images", type=int, default=2000, help="for Grams, and for scores")
    options.add_argument("--shares", type=float, nargs="+", default=[0.75, 0.5, 0.3])
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--upload", action="store_true", help="send DATA, an archive, over HTTP")
    return options.parse_args()


def _job(given: argparse.Namespace, images: Path) -> MainJob:
    return MainJob(
        title="CIFAR-10, ResNet-20",
        recipe=RECIPE,
        weights=given.teacher,
        images=images,
        library=LibraryRecipe(
            steps=given.steps,
            calibration_images=given.images,
            scoring_images=given.images,
            seed=given.seed,
        ),
        shares=tuple(given.shares),
        folder=KEPT,
    )


def _post_images(client: Client, source: Path, upload: bool) -> DatasetBody:
    if upload:
        return client.post_dataset("CIFAR-10", source)
    return client.post_dataset_by_uri("CIFAR-10", source.as_uri())


if __name__ == "__main__":
    run_to_the_end(main)
