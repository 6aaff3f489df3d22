"""Data-free: uniform students of a ResNet-20 whose candidates saw no image, before fine-tuning.

`python -m benchmarks.data_free DATA TEACHER`; at most 1.5 / 5 / 20 points below the teacher at
k = 0.9 / 0.75 / 0.5, where the paper's lose 2.8 / 11.0 / 38.2. DATA gives the reporting images
alone, on which finished students are measured.
"""

import time
from argparse import Namespace
from dataclasses import replace
from typing import Any, Literal

from benchmarks.cifar_job import load_dataset, load_teacher, parser
from benchmarks.in_process import make_library
from benchmarks.report import publish, spread
from candidates.data import ImageSet
from candidates.memory import peak_mb
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.synthetic import synthetic_dataset

MULTIPLIERS = (0.9, 0.75, 0.5)
Drops = dict[str, list[float]]


def main() -> None:
    """One library a seed and kind of inputs; the seed draws the images and the noise."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--inputs", nargs="+", default=["matched", "gaussian"])
    options.add_argument("--images", type=int, default=768, help="made up, in all")
    options.add_argument("--synthetic-steps", type=int, default=40)
    options.add_argument("--steps", type=int, default=100)
    options.add_argument("--processes", type=int, default=2)
    given = options.parse_args()
    reporting = load_dataset(given.data).reporting
    figures = {inputs: _measured(given, inputs, reporting) for inputs in given.inputs}
    settings = {key: value for key, value in vars(given).items() if key not in {"data", "teacher"}}
    publish("data_free", settings, figures)


def _measured(
    given: Namespace, inputs: Literal["matched", "gaussian"], reporting: ImageSet
) -> dict[str, Any]:
    seconds: list[float] = []
    drops: dict[float, Drops] = {k: {"assembled": [], "refitted": []} for k in MULTIPLIERS}
    for seed in given.seeds:
        recipe = LibraryRecipe(
            kinds={"width": {"multiplier": MULTIPLIERS}},
            inputs=inputs,
            synthetic_images=given.images,
            synthetic_steps=given.synthetic_steps,
            steps=given.steps,
            seed=seed,
        )
        begun = time.perf_counter()
        made = synthetic_dataset(load_teacher(given.teacher), recipe, silent)
        seconds.append(time.perf_counter() - begun)
        print(f"{inputs}, seed {seed}: images after {seconds[-1]:.0f} s", flush=True)
        dataset = replace(made, reporting=reporting)
        library = make_library(given.teacher, dataset, recipe, given.processes)
        for k, found in drops.items():
            measured = library.measured(library.uniform(k))
            found["assembled"].append(measured.teacher.value - measured.assembled.value)
            found["refitted"].append(measured.teacher.value - measured.refitted.value)
            print(f"  k = {k:g}: {found}", flush=True)
    return {
        "images_seconds": spread(seconds),
        "peak_mib": round(peak_mb()),
        "points_below_teacher": {
            f"{k:g}": {when: spread(found) for when, found in each.items()}
            for k, each in drops.items()
        },
    }


if __name__ == "__main__":
    main()
