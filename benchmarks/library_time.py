"""Library time: how long the service takes for a 90-candidate library, and how much memory.

`python -m benchmarks.library_time DATA TEACHER`; at least: ≤ 4 minutes on two idle cores and
≤ 2 GB resident, scored on 2 000 images, without refinement.
"""

import json
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from benchmarks.cifar_job import RECIPE, parser
from benchmarks.ending import run_to_the_end
from benchmarks.memory import watching
from benchmarks.report import publish
from benchmarks.server import Running, serving
from candidates.recipe import LibraryRecipe


def main() -> None:
    """Print and write the seconds from the call to the finished library, and the peak."""
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=2000, help="for Grams, and for scores")
    options.add_argument("--steps", type=int, default=0)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    roots = json.dumps([str(given.data.resolve().parent)])
    with tempfile.TemporaryDirectory(prefix="student-search-") as name:
        folder, workers = Path(name), str(given.workers)
        with serving(folder, folder / "log", workers=workers, data_roots=roots) as running:
            figures = _measure(running, given)
    settings = {key: value for key, value in vars(given).items() if key not in {"data", "teacher"}}
    publish("library_time", settings, figures)


def _measure(running: Running, given: Namespace) -> dict[str, Any]:
    client, pid = running
    recipe = LibraryRecipe(
        steps=given.steps,
        calibration_images=given.images,
        scoring_images=given.images,
        seed=given.seed,
    )
    with watching(pid) as ingesting:
        dataset = client.post_dataset_by_uri("CIFAR-10", given.data.resolve().as_uri())
        teacher = client.post_teacher("ResNet-20", RECIPE, given.teacher)
        client.wait(dataset.job)
        client.wait(teacher.job)
    begun = time.perf_counter()
    with watching(pid) as peak:
        library = client.build_library(teacher.id, dataset.id, recipe)
        client.wait(library.job)
    return {
        "library_seconds": time.perf_counter() - begun,
        "num_candidates": client.library(library.id).progress.total,
        "all_processes_resident_mib": peak.resident_mib,
        "all_processes_proportional_mib": peak.proportional_mib,
        "largest_process_resident_mib": peak.largest_process_mib,
        "ingest_resident_mib": ingesting.resident_mib,
    }


if __name__ == "__main__":
    run_to_the_end(main)
