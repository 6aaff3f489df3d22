from typing import Any

import pytest
import torch

from candidates.progress import silent
from candidates.spill import Spill
from candidates.stream import Stream
from candidates.student import build_student
from candidates.walk import Walk
from tests.candidates.test_refinement import materials, student


def kept_bytes(stream: Stream) -> tuple[int, int]:
    """In memory and on disk, beside the images themselves."""
    kept = stream._kept
    if isinstance(kept, Spill):
        return 0, kept.nbytes
    return (0 if kept is stream.images.images else kept.nbytes), 0


def walked(**limits: Any) -> tuple[dict[str, torch.Tensor], list[tuple[int, int]]]:
    """The tensors behind a walk, and what its two streams kept at every part."""
    known = materials()
    recipe = known.recipe.model_copy(update={"steps": 3, **limits})
    network = build_student(student())
    walk = Walk(network, {}, known.teacher, known.dataset.calibration, recipe)
    kept = []
    for each in walk.changed:
        walk.remake(each, silent)
        kept += [kept_bytes(walk._ours), kept_bytes(walk._theirs)]
    walk.restate()
    return network.tensors(), kept


@pytest.mark.parametrize(
    ("limits", "in_memory", "on_disk"),
    [
        ({}, True, False),
        ({"memory_limit_mb": 0, "spill_mb": 64}, False, True),
        ({"memory_limit_mb": 0}, False, False),
    ],
)
def test_activations_lie_where_the_recipe_wants_them(
    limits: dict[str, int], in_memory: bool, on_disk: bool
) -> None:
    wanted, _ = walked()
    found, kept = walked(**limits)
    assert any(memory for memory, _ in kept) == in_memory
    assert any(disk for _, disk in kept) == on_disk
    for name, values in wanted.items():
        torch.testing.assert_close(found[name], values, rtol=1e-4, atol=1e-5)


def test_only_neighbourhoods_that_differ_are_made_again() -> None:
    known = materials()
    network = known.teacher.network.copied()
    walk = Walk(network, {}, known.teacher, known.dataset.calibration, known.recipe)
    assert walk.changed == ()
    first, second, _ = known.teacher.split.neighbourhoods
    name = next(iter(network.part(second.input, second.output).tensors()))
    network.tensors()[name].data += 1
    walk = Walk(network, {}, known.teacher, known.dataset.calibration, known.recipe)
    assert walk.changed == (second,)
    assert first not in walk.changed
