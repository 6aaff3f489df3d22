import pytest
import torch

from candidates.assembly import assemble
from candidates.cost import cost_of
from candidates.errors import NotApplicable
from candidates.library import candidate_checkpoint
from candidates.student import build_student
from tests.candidates.kinds.drafts import bench_of, draft_of, materials, stands_in


def test_a_block_is_left_out() -> None:
    bench = bench_of(materials("identity"))
    draft = draft_of("identity", bench)
    stands_in(bench, draft)
    inputs = bench.calibration.at(slice(0, 4))
    assert torch.equal(draft.network(inputs), inputs)
    cost = cost_of(draft.network, inputs[:1])
    assert (cost.parameters, cost.macs, cost.bytes) == (0, 0, 0)


def test_a_block_that_changes_the_shape_stays() -> None:
    bench = bench_of(materials("identity"), 3)
    with pytest.raises(NotApplicable, match=r"\[16, 8, 8\] into \[32, 4, 4\]"):
        draft_of("identity", bench)


def test_a_student_may_leave_out_blocks_next_to_each_other() -> None:
    given = materials("identity")
    parts = [
        candidate_checkpoint(draft_of("identity", bench_of(given, index)).network)
        for index in (0, 1, 4)
    ]
    student = build_student(assemble(given.teacher.checkpoint, parts, {}, {}))
    images = torch.randn(2, *given.teacher.recipe.input)
    assert student(images).isfinite().all()
    assert not any("layer1.0" in name for name in student.tensors())
