import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.errors import InfeasibleBudget


def suggested(error: InfeasibleBudget) -> float:
    found = re.search(r"at least ([\d.]+), or", str(error))
    assert found is not None
    return float(found[1])


@given(st.floats(0, 1e15))
def test_the_suggested_limit_is_never_below_what_is_reachable(smallest: float) -> None:
    found = suggested(InfeasibleBudget("accuracy_drop", 0, smallest))
    assert smallest <= found <= smallest + 1e-4 + 1e-9 * smallest


@given(st.integers(1, 2**53))
def test_the_suggested_cost_is_exact(smallest: int) -> None:
    assert suggested(InfeasibleBudget("macs", 1, float(smallest))) == smallest


@pytest.mark.parametrize(
    ("axis", "limit", "smallest", "sentence"),
    [
        (
            "parameters",
            1000000.0,
            1080126.0,
            "parameters ≤ 1000000: the smallest reachable is 1080126.",
        ),
        ("accuracy_drop", 0.1, 1.234567, "accuracy_drop ≤ 0.1: the smallest reachable is 1.2346."),
        ("bytes", 10, 4e9, "bytes ≤ 10: the smallest reachable is 4000000000."),
        (
            "latency_ms",
            0.8213535003960715,
            0.82135351,
            "latency_ms ≤ 0.8213: the smallest reachable is 0.8214.",
        ),
        ("latency_ms", 1.23456e-6, 1, "latency_ms ≤ 0.000001234: the smallest reachable is 1."),
    ],
)
def test_numbers_are_written_to_be_read(
    axis: str, limit: float, smallest: float, sentence: str
) -> None:
    assert sentence in str(InfeasibleBudget(axis, limit, smallest))
