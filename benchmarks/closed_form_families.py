"""Closed form on many families: candidates that never saw a gradient against plain slicing.

`python -m benchmarks.closed_form_families`. For every neighbourhood of classifiers of different
families, at one multiplier: the mean squared error at the neighbourhood's output on held-out
images, of the closed-form candidate and of the teacher's own weights cut to the indices with the
largest L2 norm, both relative to the variance of the teacher's output. To reach: the closed form
wins everywhere.
"""

import argparse
import time
from typing import NamedTuple

import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from torch import nn

from benchmarks.families import FAMILIES, images_of, teacher_of
from benchmarks.report import publish
from candidates.bench import Bench
from candidates.candidate import Kept
from candidates.data import Dataset
from candidates.graph.neighbourhood import Neighbourhood
from candidates.kinds.width import WidthMaker
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.statistics import gather
from candidates.stream import Stream
from candidates.strength import strengths
from candidates.teacher import Teacher


class Row(NamedTuple):
    """Errors over the variance of what is wanted; processor time of making the closed form."""

    neighbourhood: str
    closed_form: float
    slicing: float
    seconds: float


def main() -> None:
    """One teacher a family; the seed draws weights and images."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--families", nargs="+", default=list(FAMILIES))
    options.add_argument("--multiplier", type=float, default=0.5)
    options.add_argument("--calibration-images", type=int, default=256)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    figures = {}
    for family in given.families:
        rows = measure(family, given.multiplier, given.calibration_images, given.seed)
        figures[family] = {
            "neighbourhoods": len(rows),
            "won": sum(row.closed_form < row.slicing for row in rows),
            "rows": [row._asdict() for row in rows],
        }
        show(family, rows)
    publish("closed_form_families", vars(given), figures)


def measure(family: str, multiplier: float, num_images: int, seed: int) -> list[Row]:
    """The errors of both kinds of candidate in every neighbourhood of a family."""
    torch.manual_seed(seed)
    sets = images_of(num_images, seed), images_of(64, seed + 1), images_of(2, seed + 2)
    dataset = Dataset(*sets)
    teacher = teacher_of(family, dataset, seed)
    recipe = LibraryRecipe(
        calibration_images=num_images, scoring_images=64, steps=0, memory_limit_mb=2048
    )
    statistics = gather(teacher, dataset, recipe, silent)
    streams = [Stream(each, teacher.recipe.preprocessing, 2**31) for each in sets[:2]]
    cut, rows = teacher.network.program.input, []
    for each in teacher.split.neighbourhoods:
        streams = [stream.advanced(teacher.network.part(cut, each.cut)) for stream in streams]
        cut = each.cut
        if each.widths:
            ours, held_out = (stream.advanced(teacher.entering(each)) for stream in streams)
            rows.append(_row(Bench(teacher, each, statistics, recipe, ours), multiplier, held_out))
    return rows


def show(family: str, rows: list[Row]) -> None:
    """A table of one family's neighbourhoods."""
    table = Table(title=family, box=SIMPLE_HEAD)
    for heading in ("neighbourhood", "closed form", "slicing", "ratio", "seconds"):
        table.add_column(heading, justify="left" if heading == "neighbourhood" else "right")
    for row in rows:
        ours, theirs = row.closed_form, row.slicing
        style = "" if ours < theirs else "red"
        cells = f"{ours:.3g}", f"{theirs:.3g}", f"{ours / theirs:.3f}", f"{row.seconds:.1f}"
        table.add_row(row.neighbourhood, *cells, style=style)
    Console().print(table)


def _row(bench: Bench, multiplier: float, held_out: Stream) -> Row:
    begun = time.process_time()
    maker = WidthMaker(bench)
    kept = maker.kept(multiplier)
    solved = maker.solved(kept)
    seconds = time.process_time() - begun
    teacher, neighbourhood = bench.teacher, bench.neighbourhood
    sliced = teacher.narrowed(neighbourhood, _strongest(teacher, neighbourhood, kept))
    wanted = teacher.part(neighbourhood)
    return Row(
        neighbourhood=neighbourhood.name,
        closed_form=_error(solved, wanted, held_out),
        slicing=_error(sliced, wanted, held_out),
        seconds=round(seconds, 2),
    )


def _strongest(teacher: Teacher, neighbourhood: Neighbourhood, kept: Kept) -> Kept:
    """As many indices as in `kept`, those with the largest norm."""
    part = teacher.part(neighbourhood)
    result = {}
    for width in neighbourhood.widths:
        if width.name in kept:
            order = strengths(part, teacher.layout, width).argsort(descending=True)
            result[width.name] = tuple(sorted(order[: len(kept[width.name])].tolist()))
    return result


def _error(candidate: nn.Module, wanted: nn.Module, stream: Stream) -> float:
    """Mean squared error over the variance of what is wanted."""
    with torch.inference_mode():
        pairs = [(candidate(batch), wanted(batch)) for batch in stream]
    ours, theirs = (torch.cat(each).double() for each in zip(*pairs, strict=True))
    return float((ours - theirs).square().mean() / theirs.var())


if __name__ == "__main__":
    main()
