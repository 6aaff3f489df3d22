"""A sample of the coverage matrix: nothing on it may get worse than the committed table says."""

import pytest
import torch

from benchmarks.coverage_case import Case, reloads_alike
from benchmarks.coverage_entry import read_entries

SAMPLE = (
    "mnasnet0_5", "mobilenet_v3_small", "regnet_x_400mf", "resnet18", "shufflenet_v2_x0_5",
    "squeezenet1_1", "swin_t", "timm/convnext_atto", "timm/cs3darknet_focus_s", "timm/dla46x_c",
    "timm/efficientnet_b0_gn", "timm/ghostnet_050", "timm/levit_128s", "timm/vit_tiny_patch16_224",
)  # fmt: skip
ROUNDING = 0.001
"""Of a share of parameters."""


@pytest.fixture(autouse=True)
def _fast_path_as_before():
    before = torch.backends.mha.get_fastpath_enabled()
    yield
    torch.backends.mha.set_fastpath_enabled(before)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", SAMPLE)
def test_an_architecture_is_covered_as_well_as_the_table_says(architecture, tmp_path):
    table = read_entries()[architecture]
    found = Case(architecture, tmp_path).run()
    assert found.reason is None
    assert found.equal_at_one
    assert found.names_kept
    assert found.runs
    assert found.trains
    assert reloads_alike(tmp_path)
    assert found.shrinkable >= table.shrinkable - ROUNDING
    assert found.coverage >= table.coverage - ROUNDING
    assert found.parameters_left <= table.parameters_left + ROUNDING


def test_every_entry_of_the_table_passed_or_says_why_not():
    for name, entry in read_entries().items():
        assert entry.passed or entry.reason, name
