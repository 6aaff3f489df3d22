"""Paper tables: Tables 1, 3a, 3b, 5 and 6 of the paper, ours beside the paper's.

`python -m benchmarks.paper_tables DATA TEACHER` measures what benchmarks/results/paper_tables.json
does not hold yet, cell by cell, so a stopped run goes on where it was; then it prints the tables
and draws paper_tables.png beside it.
`--only PATTERN` measures the cells whose names match; `--print` measures nothing. `--processes`
cells are measured side by side, one thread each. `--quick` measures one cell of every column but
the refined one with few steps and one epoch, in at most a quarter of an hour, and keeps them in
files of their own.
"""

import argparse
import json
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from multiprocessing import get_context
from typing import Any

import torch

from benchmarks import paper_cells
from benchmarks.cifar_job import parser
from benchmarks.paper_cells import Cell
from benchmarks.paper_picture import draw
from benchmarks.paper_place import Place
from benchmarks.paper_print import print_tables
from benchmarks.paper_sheets import DATA_FREE, MULTIPLIERS, SPARSITIES
from benchmarks.report import RESULTS, publish

BRIEF = 50
"""Refinement steps of what will be fine-tuned, which takes over from there."""
REFINEMENT = {"learning_rate": 2e-3, "refinement_images": 40_000}
"""Half the rate of a library, as the student is nearer to its end, and five times the images."""
QUICK = r"teacher|(ft|nd|2la|gaussian|kd)/k=0\.5/|sparse/s=0\.7/|library/"
Plan = tuple[str, str, tuple[Any, ...]]
"""A cell's name, the function of `paper_cells` that measures it, and its arguments."""


def main() -> None:
    """Measure what is missing, then print."""
    given = _options()
    file = f"paper_tables{given.variant}"
    cells = _known(file)
    if not given.print:
        missing = [
            plan for plan in plans(given) if plan[0] not in cells and re.search(given.only, plan[0])
        ]
        _measure(missing, given, cells)
    print_tables(cells)
    draw(cells, RESULTS / f"{file}.png")


def plans(given: argparse.Namespace) -> Iterator[Plan]:
    """All cells, the long ones last."""
    yield "teacher", "of_teacher", ()
    for seed in given.seeds:
        yield from _narrow(given, seed)
        yield from _sparse(given, seed)
        yield from _data_free(given, seed)
        usual = {"steps": min(given.steps, BRIEF), "seed": seed, "memory_limit_mb": 2048}
        yield f"library/seed={seed}", "whole_library", (usual,)
    for objective, k, seed in product(("kd", "ce"), MULTIPLIERS, given.seeds):
        arguments = (objective, k, given.epochs, seed)
        yield f"{objective}/k={k}/seed={seed}", "from_scratch", arguments


def _narrow(given: argparse.Namespace, seed: int) -> Iterator[Plan]:
    """As near to the teacher as steps bring them, and, in few steps, ready for fine-tuning."""
    for k in MULTIPLIERS:
        recipe = _recipe(given, seed, "width", "multiplier", k)
        brief = recipe | {"steps": min(given.steps, BRIEF)}
        yield f"ft/k={k}/seed={seed}", "distilled", (brief, given.fine_tuning_epochs)
        yield f"nd/k={k}/seed={seed}", "distilled", (recipe,)
        ahead = {"look_ahead": (1.0, 1.0)}
        yield f"2la/k={k}/seed={seed}", "distilled", (recipe | ahead,)
        more = ahead | REFINEMENT | {"steps": given.refinement_steps}
        roomy = recipe | {"memory_limit_mb": 6144}
        yield f"refined/k={k}/seed={seed}", "refined", (roomy, more)


def _sparse(given: argparse.Namespace, seed: int) -> Iterator[Plan]:
    for s in SPARSITIES:
        recipe = _recipe(given, seed, "sparse", "sparsity", s)
        recipe["kinds"]["sparse"]["method"] = ["obc"]
        yield f"sparse/s={s}/seed={seed}", "distilled", (recipe,)


def _data_free(given: argparse.Namespace, seed: int) -> Iterator[Plan]:
    for k, inputs in product(DATA_FREE, ("matched", "gaussian")):
        recipe = _recipe(given, seed, "width", "multiplier", k) | {"inputs": inputs}
        yield f"{inputs}/k={k}/seed={seed}", "distilled", (recipe,)


def _recipe(
    given: argparse.Namespace, seed: int, kind: str, knob: str, setting: float
) -> dict[str, Any]:
    kinds: dict[str, Any] = {"width": {"multiplier": [1.0]}}
    kinds[kind] = {knob: [setting]}
    return {"kinds": kinds, "steps": given.steps, "seed": seed, "memory_limit_mb": 2048}


def _measure(missing: list[Plan], given: argparse.Namespace, cells: dict[str, Cell]) -> None:
    place = Place(given.data, given.teacher)
    with ProcessPoolExecutor(given.processes, get_context("spawn"), _alone) as pool:
        running = {
            pool.submit(getattr(paper_cells, function), place, *arguments): name
            for name, function, arguments in missing
        }
        for done in as_completed(running):
            cells[running[done]] = done.result()
            print(f"{running[done]}: {json.dumps(cells[running[done]])}", flush=True)
            settings, known = {"multipliers": MULTIPLIERS}, dict(sorted(cells.items()))
            publish("paper_tables", settings, known, show=False, variant=given.variant)


def _alone() -> None:
    torch.set_num_threads(1)


def _known(name: str) -> dict[str, Cell]:
    file = RESULTS / f"{name}.json"
    return dict(json.loads(file.read_text())["figures"]) if file.exists() else {}


def _options() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[0])
    options.add_argument("--steps", type=int, default=300, help="of every candidate")
    options.add_argument("--refinement-steps", type=int, default=1000, help="of students")
    options.add_argument("--epochs", type=int, default=30, help="of training from scratch")
    options.add_argument("--fine-tuning-epochs", type=int, default=2)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--only", default="", help="a regular expression of cell names")
    options.add_argument("--quick", action="store_true", help="at most a quarter of an hour")
    options.add_argument("--print", action="store_true", help="print what is known")
    given = options.parse_args()
    given.variant = ""
    if given.quick:
        given.variant, given.only = "_quick", given.only or QUICK
        given.steps = BRIEF
        given.epochs, given.fine_tuning_epochs = 1, 1
    return given


if __name__ == "__main__":
    main()
