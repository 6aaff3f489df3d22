"""ImageNet memory: what Grams and candidates of a ResNet-50 at 224² take, on random images.

`python -m benchmarks.imagenet_memory`; at most 6 GB for gathering and for one neighbourhood, whose
activations do not fit the memory limit and lie on disk. Weights are random: they do not matter.
"""

import argparse
import time
from typing import Any

import torch

from benchmarks.isolated import isolated
from benchmarks.report import publish
from candidates.data import Dataset, ImageSet
from candidates.graph.trace import trace
from candidates.library import make_candidates
from candidates.materials import Materials
from candidates.memory import peak_mb
from candidates.progress import silent
from candidates.recipe import LibraryRecipe, Preprocessing, TeacherRecipe
from candidates.sources.architectures import build
from candidates.statistics import Statistics, gather
from candidates.teacher import Teacher

LIMIT_MIB = 6 * 1024
RECIPE = TeacherRecipe(
    architecture="resnet50",
    kwargs={"num_classes": 1000},
    input=(3, 224, 224),
    preprocessing=Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
)


def main() -> None:
    """In a process of its own, so that the peak is that of the work."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--images", type=int, default=64, help="for Grams and refinement")
    options.add_argument("--scoring-images", type=int, default=16)
    options.add_argument("--steps", type=int, default=2)
    options.add_argument("--memory-limit-mb", type=int, default=128)
    options.add_argument("--spill-mb", type=int, default=1024)
    options.add_argument("--neighbourhood", type=int, default=1)
    given = vars(options.parse_args())
    figures = isolated(measured, given, start="spawn")
    publish("imagenet_memory", given, {**figures, "limit_mib": LIMIT_MIB})


def measured(given: dict[str, int]) -> dict[str, Any]:
    """The peak in MiB and the seconds since the beginning, step by step."""
    torch.set_num_threads(1)
    figures: dict[str, Any] = {"start": _now(time.perf_counter())}
    begun = time.perf_counter()
    recipe = LibraryRecipe(
        kinds={"width": {"multiplier": (0.25, 0.5)}},
        steps=given["steps"],
        batch_size=8,
        calibration_images=given["images"],
        refinement_images=given["images"],
        scoring_images=given["scoring_images"],
        memory_limit_mb=given["memory_limit_mb"],
        spill_mb=given["spill_mb"],
    )
    teacher, dataset = _teacher(), Dataset(*(_images(given["images"]) for _ in range(3)))
    figures["teacher"] = _now(begun)
    statistics = gather(teacher, dataset, recipe, silent)
    figures["gather"] = _now(begun) | {"grams_mib": _gram_mib(statistics)}
    materials = Materials(teacher, statistics, dataset, recipe)
    neighbourhood = teacher.split.neighbourhoods[given["neighbourhood"]]
    harvest = make_candidates(materials, neighbourhood, lambda _: None, silent)
    figures["candidates"] = _now(begun) | {"count": len(harvest.made)}
    return figures | {"neighbourhood": neighbourhood.name, "peak_mib": round(peak_mb())}


def _teacher() -> Teacher:
    torch.manual_seed(0)
    traced = trace(build(RECIPE).eval(), RECIPE.input)
    return Teacher.of(RECIPE, traced.program, traced.tensors)


def _images(count: int) -> ImageSet:
    images = torch.randint(256, (count, *RECIPE.input), dtype=torch.uint8)
    return ImageSet(images, torch.zeros(count, dtype=torch.long), tuple(map(str, range(1000))))


def _gram_mib(statistics: Statistics) -> int:
    return round(sum(each.input_products.nbytes for each in statistics.moments.values()) / 2**20)


def _now(begun: float) -> dict[str, int]:
    return {"peak_mib": round(peak_mb()), "seconds": round(time.perf_counter() - begun)}


if __name__ == "__main__":
    main()
