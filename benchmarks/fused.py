"""Fused: the widths of one neighbourhood learning as one network, beside one after the other.

`python -m benchmarks.fused DATA TEACHER [--device cuda]`; milliseconds that a step of all
candidates takes, alone and fused, in alternation on the same batches, and how far the weights
that they end with lie apart.
"""

import statistics
import time
from argparse import Namespace
from typing import Any

import torch

from benchmarks.cifar_job import load_dataset, load_teacher, parser
from benchmarks.report import publish
from candidates.distil import refine
from candidates.draft import Draft
from candidates.graph.neighbourhood import Neighbourhood
from candidates.objective import Objective
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.stream import Stream
from candidates.teacher import Teacher

WIDTHS = tuple(number / 10 for number in range(1, 10))


def main() -> None:
    """A row for each neighbourhood and number of candidates."""
    options = parser(__doc__)
    options.add_argument("--neighbourhoods", type=int, nargs="+", default=[1, 4, 7])
    options.add_argument("--multipliers", type=float, nargs="+", default=WIDTHS)
    options.add_argument("--steps", type=int, default=10)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = options.parse_args()
    teacher, dataset = load_teacher(given.teacher), load_dataset(given.data)
    images = dataset.calibration.sample(max(512, 2 * given.batch), 0)
    rows = []
    for index in given.neighbourhoods:
        nb = teacher.split.neighbourhoods[index]
        recipe = LibraryRecipe(steps=given.steps, batch_size=given.batch, device=given.device)
        stream = Stream.of(images, teacher.recipe.preprocessing, recipe)
        row = _compared(teacher, nb, stream.advanced(teacher.root(nb)), recipe, given)
        rows.append(row)
        print(row, flush=True)
    settings = {key: value for key, value in vars(given).items() if key not in {"data", "teacher"}}
    publish("fused", settings, {"neighbourhoods": rows}, variant=f"_{given.device}")


def _compared(
    teacher: Teacher, nb: Neighbourhood, stream: Stream, recipe: LibraryRecipe, given: Namespace
) -> dict[str, Any]:
    seconds: dict[bool, list[float]] = {False: [], True: []}
    found: dict[bool, list[Draft]] = {}
    for fused in (False, True) * (given.repeats + 1):
        drafts = [_draft(teacher, nb, k) for k in given.multipliers]
        how = recipe.model_copy(update={"fused": fused})
        objective = Objective.of(teacher, nb, how)
        begun = _now(given.device)
        refine(drafts, objective, objective.stream(stream), how, silent)
        seconds[fused].append(_now(given.device) - begun)
        found[fused] = drafts
    alone, together = (  # the first run of each warms up
        1000 * statistics.median(seconds[fused][1:]) / given.steps for fused in (False, True)
    )
    return {
        "neighbourhood": nb.name, "alone_ms": alone, "fused_ms": together,
        "speed_up": alone / together, "largest_relative_difference": _apart(found),
    }  # fmt: skip


def _draft(teacher: Teacher, nb: Neighbourhood, multiplier: float) -> Draft:
    kept = {w.name: tuple(range(max(1, round(multiplier * w.size)))) for w in nb.widths}
    return Draft(teacher.narrowed(nb, kept), kept)


def _now(device: str) -> float:
    """Seconds of the processor, or of the clock once the GPU is done."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def _apart(found: dict[bool, list[Draft]]) -> float:
    """The largest relative difference of any tensor."""
    gaps = []
    for alone, fused in zip(found[False], found[True], strict=True):
        theirs = alone.network.tensors()
        for name, values in fused.network.tensors().items():
            own, other = values.detach().double(), theirs[name].detach().double()
            gaps.append(float((own - other).norm() / other.norm().clamp(min=1e-12)))
    return max(gaps)


if __name__ == "__main__":
    main()
