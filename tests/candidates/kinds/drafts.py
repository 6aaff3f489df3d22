"""Drafts of small teachers, and what must hold for every one of them."""

from typing import Any

import torch
from torch import Tensor, nn

from candidates.bench import Bench
from candidates.draft import Draft
from candidates.kinds.maker import maker_of
from candidates.kinds.registry import Knobs
from candidates.library import candidate_checkpoint, load_candidate
from candidates.materials import Materials
from candidates.teacher import Teacher
from tests.candidates.builders import library, materials_of, teacher_of


def materials(kind: str, teacher: Teacher | None = None, **changes: Any) -> Materials:
    """Whose statistics have what the kind needs."""
    count = changes.get("calibration_images", 48)
    recipe = library(kinds={kind: {}}, **changes)
    return materials_of(teacher or teacher_of(), recipe, count=count)


def bench_of(given: Materials, index: int = 0) -> Bench:
    neighbourhood = given.teacher.split.neighbourhoods[index]
    stream = given.calibration(neighbourhood, given.recipe.calibration_images)
    return Bench(given.teacher, neighbourhood, given.statistics, given.recipe, stream)


def draft_of(kind: str, bench: Bench, **knobs: float | str) -> Draft:
    named: Knobs = dict(knobs)
    return maker_of(kind, bench).make(named)


def stands_in(bench: Bench, draft: Draft) -> None:
    """It runs in the neighbourhood's place, and so does what its file holds."""
    nb, teacher = bench.neighbourhood, bench.teacher
    network = draft.network
    assert (network.program.input, network.program.output) == (nb.input, nb.output)
    again = load_candidate(candidate_checkpoint(network))
    images = torch.randn(3, *teacher.recipe.input, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        entering = teacher.root(nb)(images)
        logits = teacher.partial(nb, network)(entering)
        assert logits.shape == (3, teacher.num_classes)
        assert logits.isfinite().all()
        assert torch.equal(logits, teacher.partial(nb, again)(entering))
        inputs = bench.calibration.at(slice(0, 3))
        assert network(inputs).shape == bench.part(inputs).shape
    theirs = {values.data_ptr() for values in teacher.network.tensors().values()}
    assert not theirs & {values.data_ptr() for values in network.tensors().values()}


def gap(bench: Bench, network: nn.Module) -> float:
    """The squared error of a candidate on the calibration images, over that of zeros."""
    missed = total = 0.0
    with torch.inference_mode():
        for batch in bench.calibration:
            wanted: Tensor = bench.part(batch)
            missed += float((network(batch) - wanted).square().sum())
            total += float(wanted.square().sum())
    return missed / total
